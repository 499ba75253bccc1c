import type { ClickHouse } from "@keypulse/engines";
import { type EventRow, eventColumns, type UnifiedEvent, unifiedEvent } from "../domain/storedEvent.ts";

/** The newest events of a source by arrival, newest first. Reads the source's column of the last months: a rare question. */
export async function readNewestEvents(clickhouse: ClickHouse, source: string, limit: number): Promise<UnifiedEvent[]> {
  const result = await clickhouse.query({
    query: `SELECT ${eventColumns} FROM events WHERE source = {source: String}
      ORDER BY received_at DESC LIMIT {limit: UInt32}`,
    query_params: { source, limit },
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return (await result.json<EventRow>()).map(unifiedEvent);
}
