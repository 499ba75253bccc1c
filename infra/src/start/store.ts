import type { ClickHouse } from "@keypulse/engines";

export type StoreContents = "nothing" | "demonstration" | "other events";

/** What is stored: a live stream of made-up events belongs to the demonstration, never among a company's own. */
export async function lookAtStore(clickhouse: ClickHouse): Promise<{ contents: StoreContents; events: number }> {
  const result = await clickhouse.query({
    query: `SELECT (SELECT count() FROM events) AS events,
      (SELECT sum(events) FROM source_hourly WHERE source = 'online-retail' OR source LIKE 'demo-%') AS demonstration`,
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ events: string; demonstration: string }>();
  const events = Number(row?.events ?? 0);
  if (events === 0) return { contents: "nothing", events };
  return { contents: Number(row?.demonstration ?? 0) > 0 ? "demonstration" : "other events", events };
}
