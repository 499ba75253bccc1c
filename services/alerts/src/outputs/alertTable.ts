import { type Alert, alertSchema, evidenceSchema, findingSchema } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";
import { z } from "zod";

/** A row as ClickHouse gives it (ISO times, decimals as texts). */
const rowSchema = alertSchema.extend({
  evidence: z.string().transform((text) => evidenceSchema.parse(JSON.parse(text))),
  findings: z.string().transform((text) => z.array(findingSchema).min(1).parse(JSON.parse(text))),
  money_at_stake: z.coerce.number(),
});

const columns = Object.keys(alertSchema.shape).join(", ");
const uuid = z.uuid();

/** The table `alerts`: versions, append only. Writing a version twice leaves one. */
export class AlertTable {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** All versions of all alerts of these clients. */
  async loadOfClients(clientIds: readonly string[]): Promise<Alert[]> {
    return clientIds.length === 0 ? [] : await this.#load(`client_id IN (${listOf(clientIds)})`);
  }

  /** Every version of these clients' alerts with these ids. */
  async loadOfAlerts(clientIds: readonly string[], alertIds: readonly string[]): Promise<Alert[]> {
    if (alertIds.length === 0) return [];
    return await this.#load(`client_id IN (${listOf(clientIds)}) AND id IN (${listOf(alertIds)})`);
  }

  /** Ids stand in the text, not in the URL's parameters: thousands of them outgrow what proxies take. */
  async #load(where: string): Promise<Alert[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT ${columns} FROM alerts WHERE ${where} ORDER BY id, version LIMIT 1 BY id, version`,
      format: "JSONEachRow",
      clickhouse_settings: { date_time_output_format: "iso", max_query_size: "10485760" },
    });
    return (await result.json()).map((row) => rowSchema.parse(row));
  }

  /** One insert, durable when it returns. */
  async store(versions: readonly Alert[]): Promise<void> {
    if (versions.length === 0) return;
    await this.#clickhouse.insert({
      table: "alerts",
      format: "JSONEachRow",
      values: versions.map((alert) => ({
        ...alert,
        evidence: JSON.stringify(alert.evidence),
        findings: JSON.stringify(alert.findings),
      })),
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
  }
}

const listOf = (ids: readonly string[]): string => [...new Set(ids)].map((id) => `'${uuid.parse(id)}'`).join(",");
