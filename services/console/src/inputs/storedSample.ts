import type { ClickHouse } from "@keypulse/engines";

/** By what a sample is found again. */
export interface Expected {
  eventIds: string[];
  /** Elements' bytes as base64, as `rejected_events` holds them. */
  raw: string[];
}

export type Stored =
  | { as: "event"; types: string[]; clientKey: string }
  | { as: "rejected"; reason: string; detail: string }
  | { as: "duplicate" };

/** A collector's clock that is behind ours must not hide the sample. */
const clockSlackMs = 5_000;

/** What became of a sample that was sent after a time, once ClickHouse has it. */
export async function findStored(
  clickhouse: ClickHouse,
  source: string,
  { eventIds, raw }: Expected,
  sinceMs: number,
): Promise<Stored | undefined> {
  const ask = async <T>(query: string): Promise<T | undefined> => {
    const result = await clickhouse.query({
      query,
      query_params: { source, eventIds, raw, sinceMs: sinceMs - clockSlackMs },
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    return (await result.json<T>())[0];
  };
  const where = `source = {source: String} AND received_at >= fromUnixTimestamp64Milli({sinceMs: Int64})
    AND batch_date >= toDate(fromUnixTimestamp64Milli({sinceMs: Int64})) - 7`;
  const [event, rejected, duplicate] = await Promise.all([
    ask<{ n: number; types: string[]; clientKey: string }>(
      `SELECT count() AS n, groupUniqArray(toString(type)) AS types, any(client_key) AS clientKey
      FROM events WHERE ${where} AND event_id IN {eventIds: Array(String)}`,
    ),
    ask<{ reason: string; detail: string }>(
      `SELECT reason, detail FROM rejected_events WHERE ${where} AND (bytes IN {raw: Array(String)}
        OR arrayExists(id -> position(base64Decode(bytes), id) > 0, {eventIds: Array(String)}))
      ORDER BY received_at DESC LIMIT 1`,
    ),
    ask<{ n: number }>(
      `SELECT count() AS n FROM duplicate_events WHERE ${where} AND event_id IN {eventIds: Array(String)}`,
    ),
  ]);
  if (event !== undefined && event.n > 0) return { as: "event", types: event.types, clientKey: event.clientKey };
  if (rejected !== undefined) return { as: "rejected", ...rejected };
  return duplicate !== undefined && duplicate.n > 0 ? { as: "duplicate" } : undefined;
}
