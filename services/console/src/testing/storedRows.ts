import type { ClickHouse } from "@keypulse/engines";
import { settleAll } from "@keypulse/testkit";

let offset = 0;
const nobody = "00000000-0000-0000-0000-000000000000";

/** Rows as ingest stores them, with what matters to a test given. */
export const rowOf = (source: string, receivedMs: number) => ({
  topic: "events.web",
  partition: 0,
  offset: offset++,
  received_at: receivedMs,
  source,
  batch_date: new Date(receivedMs).toISOString().slice(0, 10),
});

export const eventRow = (source: string, receivedMs: number, given: object = {}) => ({
  ...rowOf(source, receivedMs),
  client_key: nobody,
  contact_key: nobody,
  occurred_at: receivedMs - 2_000,
  event_id: `event-${offset}`,
  kind: "web",
  type: "web.page_viewed",
  ...given,
});

export const rejectedRow = (source: string, receivedMs: number, reason: string, bytes: Buffer | string) => ({
  ...rowOf(source, receivedMs),
  reason,
  detail: `because of ${reason}`,
  bytes: Buffer.from(bytes).toString("base64"),
  headers: JSON.stringify({ keypulse_refused: Buffer.from(reason).toString("base64") }),
});

export async function insertRows(clickhouse: ClickHouse, table: string, values: object[]): Promise<void> {
  await clickhouse.insert({
    table,
    values,
    format: "JSONEachRow",
    clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
  });
  if (table === "events") await settleAll(clickhouse);
}
