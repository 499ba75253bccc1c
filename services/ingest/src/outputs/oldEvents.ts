import type { ClickHouse } from "@keypulse/engines";
import type { OffsetRange } from "../domain/batch.ts";
import type { AcceptedEvent } from "../domain/outcome.ts";

const eventsAQuery = 1_000;

/** Asks ClickHouse, by primary key, whether old events are stored already. */
export class OldEvents {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** @returns the `index` of those that another position carried before. */
  async storedBefore(range: OffsetRange, events: { event: AcceptedEvent; index: number }[]): Promise<number[]> {
    const found: number[] = [];
    for (let start = 0; start < events.length; start += eventsAQuery) {
      const part = events.slice(start, start + eventsAQuery);
      const result = await this.#clickhouse.query({
        query: `SELECT source, event_id, topic, partition, toUInt64(offset) AS offset
          FROM events
          WHERE (client_key, occurred_at, event_id) IN (
            SELECT key, fromUnixTimestamp64Milli(ms, 'UTC'), id
            FROM (SELECT arrayJoin(arrayZip({keys: Array(UUID)}, {times: Array(Int64)}, {ids: Array(String)})) AS e, e.1 AS key, e.2 AS ms, e.3 AS id)
          )`,
        query_params: {
          keys: part.map(({ event }) => event.identity.clientKey),
          times: part.map(({ event }) => event.occurredAtMs),
          ids: part.map(({ event }) => event.id),
        },
        format: "JSONEachRow",
      });
      const rows = await result.json<{
        source: string;
        event_id: string;
        topic: string;
        partition: number;
        offset: string;
      }>();
      const stored = new Map<string, string[]>();
      for (const row of rows) {
        const name = `${row.source}\0${row.event_id}`;
        stored.set(name, [...(stored.get(name) ?? []), `${row.topic}:${row.partition}:${row.offset}`]);
      }
      for (const { event, index } of part) {
        const own = `${range.topic}:${range.partition}:${event.message.offset}`;
        const positions = stored.get(`${event.source}\0${event.id}`);
        if (positions?.some((position) => position !== own)) found.push(index);
      }
    }
    return found;
  }
}
