import type { ClickHouse } from "@keypulse/engines";
import { z } from "zod";
import type { StoredModel } from "../domain/churnModel.ts";
import type { ClientForecast, ClientOrders } from "../domain/clientForecast.ts";

/** A row of churn_models_log. */
export interface ModelRow extends StoredModel {
  readonly asOf: string;
  /** Empty for all clients. */
  readonly segment: string;
  readonly version: number;
  readonly spendParameters: Readonly<Record<string, number>> | undefined;
  readonly logLikelihood: number;
  readonly clients: number;
  readonly repeatBuyers: number;
  readonly reason: string;
}

const parametersSchema = z.record(z.string(), z.number().positive());
const storedSchema = z.object({
  as_of: z.string(),
  version: z.number(),
  model: z.string(),
  k: z.number(),
  parameters: z.string().transform((text) => parametersSchema.parse(JSON.parse(text))),
  clients: z.coerce.number(),
  repeat_buyers: z.coerce.number(),
});
export type StoredFit = z.infer<typeof storedSchema>;

/** The largest amount of Decimal(18, 2) that is a round number: an upper bound may be any. */
const largestAmount = 1e15;
const decimal = (amount: number | undefined): string | null =>
  amount === undefined ? null : Math.min(amount, largestAmount).toFixed(2);

/** The tables churn_models_log and client_forecasts_log: written here alone. */
export class ForecastTables {
  readonly #clickhouse: ClickHouse;
  readonly #currency: string;
  constructor(clickhouse: ClickHouse, currency: string) {
    this.#clickhouse = clickhouse;
    this.#currency = currency;
  }

  /** The newest fits, newest first. */
  async newestFits(): Promise<StoredFit[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT as_of, version, model, k, parameters, clients, repeat_buyers FROM churn_models_log FINAL
        WHERE segment = '' ORDER BY as_of DESC LIMIT 400`,
      format: "JSONEachRow",
    });
    return z.array(storedSchema).parse(await result.json());
  }

  /** The newest fits of segments before a day, by segment. */
  async segmentFits(before: string): Promise<Map<string, StoredModel>> {
    const result = await this.#clickhouse.query({
      query: `SELECT segment, model, k, parameters FROM churn_models_log FINAL
        WHERE segment != '' AND as_of < {before: Date} ORDER BY as_of DESC LIMIT 1 BY segment`,
      query_params: { before },
      format: "JSONEachRow",
    });
    const row = storedSchema.pick({ model: true, k: true, parameters: true }).extend({ segment: z.string() });
    return new Map(
      z
        .array(row)
        .parse(await result.json())
        .map(({ segment, ...fit }) => [segment, fit]),
    );
  }

  /**
   * Stores forecasts; a client who was erased since the orders were read is left out. The same again writes over them.
   * @param clients of the forecasts, in the same order
   */
  async writeForecasts(
    { asOf, version, model }: Pick<ModelRow, "asOf" | "version" | "model">,
    forecasts: readonly ClientForecast[],
    clients: readonly ClientOrders[],
    atMs: number,
  ): Promise<void> {
    const erased = await this.#suppressed(clients.map(({ clientId }) => clientId));
    const rows = forecasts.map((forecast, i) => {
      const { repeats, recency, exposure, segment } = clients[i]!;
      const { orders, value } = forecast;
      return {
        client_id: forecast.clientId,
        month: `${asOf.slice(0, 7)}-01`,
        as_of: asOf,
        version,
        segment,
        model,
        order_days: repeats + 1,
        last_order_day: dayBefore(asOf, (exposure - recency) * 7),
        p_alive: forecast.probabilityAlive,
        p_order: orders.any,
        caution: forecast.caution,
        expected_orders: orders.expected,
        orders_low: orders.low,
        orders_high: orders.high,
        expected_value: decimal(value?.expected),
        value_low: decimal(value?.low),
        value_high: decimal(value?.high),
        order_value: decimal(forecast.orderValue),
        currency: this.#currency,
        usual_gaps: forecast.usualGaps,
        forecast_at: atMs,
      };
    });
    await this.#insert(
      "client_forecasts_log",
      rows.filter(({ client_id }) => !erased.has(client_id)),
    );
  }

  /** Stores fits. That of all clients, which comes last, says that the forecasts of a day are whole. */
  async writeModels(models: readonly ModelRow[], atMs: number): Promise<void> {
    await this.#insert(
      "churn_models_log",
      models.map((row) => ({
        as_of: row.asOf,
        segment: row.segment,
        version: row.version,
        model: row.model,
        k: row.k,
        parameters: JSON.stringify(row.parameters),
        spend_parameters: row.spendParameters === undefined ? "" : JSON.stringify(row.spendParameters),
        log_likelihood: row.logLikelihood,
        clients: row.clients,
        repeat_buyers: row.repeatBuyers,
        reason: row.reason,
        fitted_at: atMs,
      })),
    );
  }

  async #suppressed(ids: readonly string[]): Promise<Set<string>> {
    const result = await this.#clickhouse.query({
      query: `SELECT DISTINCT key FROM suppressed_keys WHERE key IN (${ids.map((id) => `'${id}'`).join(",")})`,
      format: "JSONEachRow",
      clickhouse_settings: { max_query_size: "10000000" },
    });
    return new Set((await result.json<{ key: string }>()).map(({ key }) => key));
  }

  async #insert(table: string, values: readonly object[]): Promise<void> {
    if (values.length === 0) return;
    await this.#clickhouse.insert({
      table,
      values,
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
  }
}

const dayBefore = (day: string, days: number): string =>
  new Date(Date.parse(day) - Math.round(days) * 86_400_000).toISOString().slice(0, 10);
