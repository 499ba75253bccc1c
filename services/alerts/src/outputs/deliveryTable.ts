import type { ClickHouse } from "@keypulse/engines";
import { z } from "zod";
import type { DeliveryOutcome } from "../domain/attempt.ts";

export interface DeliveryAttempt {
  alert_id: string;
  version: number;
  consumer: string;
  /** From 1. */
  attempt: number;
  /** ISO, UTC. */
  attempted_at: string;
  outcome: DeliveryOutcome;
  /** HTTP status, 0 where no answer came. */
  status: number;
  detail: string;
  duration_ms: number;
}

/** An announced version that a consumer may be waiting for: no attempt ended its delivery. */
export interface PendingDelivery {
  clientId: string;
  alertId: string;
  version: number;
  /** Detectors that raised the alert so far. */
  raisedBy: readonly { readonly detector: string }[];
  peakMoney: number;
  consumer: string;
  /** Made so far. */
  attempts: number;
  /** ISO; undefined where none was made. */
  lastAttemptAt: string | undefined;
}

const pendingRow = z
  .object({
    client_id: z.uuid(),
    id: z.uuid(),
    version: z.number(),
    raised_by: z.array(z.object({ detector: z.string() })),
    peak: z.coerce.number(),
    consumer: z.string(),
    attempts: z.number(),
    last: z.string(),
  })
  .transform(
    (row): PendingDelivery => ({
      clientId: row.client_id,
      alertId: row.id,
      version: row.version,
      raisedBy: row.raised_by,
      peakMoney: row.peak,
      consumer: row.consumer,
      attempts: row.attempts,
      lastAttemptAt: row.attempts > 0 ? row.last : undefined,
    }),
  );

/** The table `deliveries`: one row an attempt. The outcomes delivered, failed and disabled end a delivery. */
export class DeliveryTable {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** Durable when it returns. The server gathers the rows of attempts that end together into one part. */
  async record(attempt: DeliveryAttempt): Promise<void> {
    await this.#clickhouse.insert({
      table: "deliveries",
      format: "JSONEachRow",
      values: [attempt],
      clickhouse_settings: { async_insert: 1, wait_for_async_insert: 1 },
    });
  }

  /** True where an attempt ended this delivery. */
  async hasEnded(alertId: string, version: number, consumer: string): Promise<boolean> {
    const result = await this.#clickhouse.query({
      query: `SELECT count() > 0 AS ended FROM deliveries
        WHERE alert_id = {alertId: UUID} AND version = {version: UInt32} AND consumer = {consumer: String} AND outcome != 'retry'`,
      query_params: { alertId, version, consumer },
      format: "JSONEachRow",
    });
    const [row] = await result.json<{ ended: number | boolean }>();
    return Boolean(row?.ended);
  }

  /** @param since versions older than this are not looked at. */
  async pending(consumers: readonly string[], since: Date): Promise<PendingDelivery[]> {
    const result = await this.#clickhouse.query({
      query: `
        WITH
          {since: DateTime64(3, 'UTC')} AS since,
          versions AS (
            SELECT client_id, id, version, raised_by, updated_at,
              max(money_at_stake) OVER (PARTITION BY id ORDER BY version) AS peak
            FROM (
              SELECT client_id, id, version, raised_by, updated_at, money_at_stake FROM alerts
              WHERE announced LIMIT 1 BY id, version
            )
            WHERE id IN (SELECT id FROM alerts WHERE announced AND updated_at >= since)
          ),
          wanted AS (
            SELECT client_id, id, version, raised_by, peak, arrayJoin({consumers: Array(String)}) AS consumer
            FROM versions WHERE updated_at >= since AND client_id NOT IN (SELECT key FROM suppressed_keys)
          ),
          tried AS (
            SELECT alert_id, version, toString(consumer) AS consumer, max(attempt) AS attempts,
              max(attempted_at) AS last, countIf(outcome != 'retry') > 0 AS ended
            FROM deliveries
            WHERE alert_id IN (SELECT id FROM versions)
            GROUP BY alert_id, version, consumer
          )
        SELECT client_id, id, wanted.version AS version, raised_by, peak, wanted.consumer AS consumer, attempts, last
        FROM wanted
        LEFT JOIN tried ON tried.alert_id = wanted.id AND tried.version = wanted.version AND tried.consumer = wanted.consumer
        WHERE NOT ended
        ORDER BY peak DESC, id, version`,
      query_params: { consumers, since },
      format: "JSONEachRow",
      clickhouse_settings: { date_time_output_format: "iso", join_use_nulls: 0 },
    });
    return (await result.json()).map((row) => pendingRow.parse(row));
  }
}
