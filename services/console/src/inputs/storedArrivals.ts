import type { ClickHouse } from "@keypulse/engines";
import { bytesAsText } from "../domain/bytesAsText.ts";
import { type EventRow, eventColumns, type UnifiedEvent, unifiedEvent } from "../domain/storedEvent.ts";
import { readClients } from "./clients.ts";

/** What arrived, and what became of it. */
export type Arrival = {
  /** `topic:partition:offset` */
  position: string;
  received_at: string;
} & (
  | { kind: "event"; unified: UnifiedEvent; client: { id: string; name: string } | null }
  | {
      kind: "rejected";
      reason: string;
      detail: string;
      /** The sender's bytes, as text or base64. */
      raw: { text: string | null; base64: string | null };
    }
  | { kind: "duplicate"; event_id: string }
);

const tables = ["events", "rejected_events", "duplicate_events"] as const;
type Table = (typeof tables)[number];

/**
 * Next offset by table and `topic:partition`: what lies before was read. By table, because one range's rows come to
 * the three tables one after the other.
 */
export type NextOffsets = Record<Table, Record<string, number>>;
export const fromTheBeginning = (): NextOffsets => ({ events: {}, rejected_events: {}, duplicate_events: {} });

export interface Arrivals {
  /** By time of arrival. */
  arrivals: Arrival[];
  /** How many more there were: only the newest are given. */
  skipped: number;
}

interface PositionRow {
  topic: string;
  partition: number;
  offset: number;
  received: number;
  /** How many rows of the partition were found. */
  found: number;
}

const newestOfPartition = 100;

/**
 * What ClickHouse stored of a source since a time and beyond the offsets read before, which are moved on. Offsets, not
 * times: a partition's ranges are stored in order, but one partition may lag behind another.
 */
export async function readArrivals(
  clickhouse: ClickHouse,
  { source, sinceMs, next, withEvents }: { source: string; sinceMs: number; next: NextOffsets; withEvents: boolean },
): Promise<Arrivals> {
  const ask = async <T extends PositionRow>(columns: string, table: Table): Promise<T[]> => {
    const result = await clickhouse.query({
      query: `SELECT topic, partition, offset, toUnixTimestamp64Milli(received_at) AS received,
          toUInt32(count() OVER (PARTITION BY topic, partition)) AS found, ${columns}
        FROM ${table} WHERE source = {source: String} AND received_at >= fromUnixTimestamp64Milli({sinceMs: Int64})
          AND batch_date >= toDate(fromUnixTimestamp64Milli({sinceMs: Int64})) - 7
          AND offset >= {next: Map(String, UInt64)}[concat(topic, ':', toString(partition))]
        ORDER BY offset DESC LIMIT ${newestOfPartition} BY topic, partition`,
      query_params: { source, sinceMs, next: next[table] },
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    return await result.json<T>();
  };
  const [events, rejected, duplicates] = await Promise.all([
    withEvents ? ask<PositionRow & { client_key: string }>("client_key", "events") : [],
    ask<PositionRow & { reason: string; detail: string; bytes: string }>("reason, detail, bytes", "rejected_events"),
    ask<PositionRow & { event_id: string }>("event_id", "duplicate_events"),
  ]);
  const [clients, contents] = await Promise.all([
    readClients(clickhouse, [...new Set(events.map(({ client_key }) => client_key))]),
    readContents(clickhouse, source, events),
  ]);
  const arrivals: Arrival[] = [
    ...events.flatMap((row) => {
      const content = contents.get(nameOf(row));
      if (content === undefined) return [];
      const client = clients.get(row.client_key) ?? null;
      return [{ ...placeOf(row), kind: "event" as const, unified: unifiedEvent(content), client }];
    }),
    ...rejected.map((row) => ({
      ...placeOf(row),
      kind: "rejected" as const,
      reason: row.reason,
      detail: row.detail,
      raw: bytesAsText(row.bytes),
    })),
    ...duplicates.map((row) => ({ ...placeOf(row), kind: "duplicate" as const, event_id: row.event_id })),
  ];
  const byTable: Record<Table, PositionRow[]> = { events, rejected_events: rejected, duplicate_events: duplicates };
  const found = tables.reduce((sum, table) => sum + foundIn(byTable[table]), 0);
  for (const table of tables) moveOn(next[table], byTable[table]);
  arrivals.sort((left, right) => left.received_at.localeCompare(right.received_at));
  return { arrivals, skipped: found - arrivals.length };
}

type Place = Pick<PositionRow, "topic" | "partition" | "offset">;
const nameOf = ({ topic, partition, offset }: Place): string => `${topic}:${partition}:${offset}`;

/** Wide columns, of these rows alone: found by their clients, which `events` is ordered by. */
async function readContents(
  clickhouse: ClickHouse,
  source: string,
  rows: readonly (Place & { client_key: string })[],
): Promise<Map<string, EventRow>> {
  if (rows.length === 0) return new Map();
  const result = await clickhouse.query({
    query: `SELECT topic, partition, offset, ${eventColumns} FROM events
      WHERE source = {source: String} AND client_key IN {keys: Array(UUID)}
        AND offset IN {offsets: Array(UInt64)}`,
    query_params: {
      source,
      keys: [...new Set(rows.map(({ client_key }) => client_key))],
      offsets: rows.map(({ offset }) => offset),
    },
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const found = await result.json<Place & EventRow>();
  // The same offset of another partition may be among them; nobody asks for it.
  return new Map(found.map((row) => [nameOf(row), row]));
}

const placeOf = ({ topic, partition, offset, received }: PositionRow) => ({
  position: nameOf({ topic, partition, offset }),
  received_at: new Date(received).toISOString(),
});

function moveOn(next: Record<string, number>, rows: readonly PositionRow[]): void {
  for (const { topic, partition, offset } of rows) {
    const name = `${topic}:${partition}`;
    next[name] = Math.max(next[name] ?? 0, offset + 1);
  }
}

function foundIn(rows: readonly PositionRow[]): number {
  const partitions = new Map(rows.map(({ topic, partition, found }) => [`${topic}:${partition}`, found]));
  return [...partitions.values()].reduce((sum, found) => sum + found, 0);
}

/** How many events of a source are stored; a look at a small table that is ordered by source. */
export async function countStored(clickhouse: ClickHouse, source: string): Promise<number> {
  const result = await clickhouse.query({
    query: "SELECT sum(source_hourly.events) AS stored FROM source_hourly WHERE source = {source: String}",
    query_params: { source },
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const [row] = await result.json<{ stored: number }>();
  return row?.stored ?? 0;
}
