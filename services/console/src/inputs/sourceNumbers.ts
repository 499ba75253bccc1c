import type { ClickHouse } from "@keypulse/engines";

/** What ClickHouse says of a source. Times are Unix milliseconds. */
export interface SourceNumbers {
  eventsEver: number;
  lastOccurredMs: number | undefined;
  lastReceivedMs: number | undefined;
  /** Hours since 1970 with events, ascending, of the last 26 weeks. */
  activeHours: number[];
  /** Of the last 24 hours. */
  events: number;
  byType: Record<string, number>;
  /** Of the last hour, by the minute's begin in Unix seconds. */
  byMinute: Record<string, number>;
  unknownClients: number;
  clockSkewMs: number | undefined;
  refused: Record<string, number>;
  duplicates: number;
  /** When the newest events of the last 30 days arrived, newest first, at most 1,001. */
  arrivalsMs: number[];
}

const dayMs = 86_400_000;
const newestArrivals = 1_001;
/** A batch's day is its first message's, so that a row may lie in an earlier day's part. */
const batchSlackDays = 7;

const nobody = "toUUID('00000000-0000-0000-0000-000000000000')";
const receivedSince = `received_at >= fromUnixTimestamp64Milli({sinceMs: Int64})
  AND batch_date >= toDate(fromUnixTimestamp64Milli({sinceMs: Int64})) - ${batchSlackDays}`;

/**
 * Numbers of some sources, by five queries side by side. `events` is ordered by client, so a source's rows of a day
 * are found by reading the columns `source` and `received_at` of the months that the time touches: two bytes and some
 * a row, measured in the README. `source_hourly`, ordered by source, gives what reaches further back.
 */
export async function readSourceNumbers(
  clickhouse: ClickHouse,
  ids: readonly string[],
  nowMs: number,
): Promise<Map<string, SourceNumbers>> {
  const numbers = new Map(ids.map((id) => [id, emptyNumbers()]));
  if (ids.length === 0) return numbers;
  const ask = async <T extends { source: string }>(
    query: string,
    sinceMs: number,
    take: (row: T, into: SourceNumbers) => void,
  ) => {
    const result = await clickhouse.query({
      query,
      query_params: { ids: [...ids], sinceMs, nowMs, hourMs: nowMs - 3_600_000 },
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    for (const row of await result.json<T>()) {
      const into = numbers.get(row.source);
      if (into !== undefined) take(row, into);
    }
  };
  await Promise.all([
    ask<HourRow>(hoursQuery, nowMs - 182 * dayMs, (row, into) => {
      into.eventsEver = row.ever;
      into.lastOccurredMs = row.occurredMs;
      into.lastReceivedMs = row.receivedMs;
      into.activeHours = row.hours;
    }),
    ask<DayRow>(dayQuery, nowMs - dayMs, (row, into) => {
      into.events = row.n;
      into.byType = row.types;
      into.byMinute = row.minutes;
      into.unknownClients = row.unknown;
      into.clockSkewMs = row.skewMs;
    }),
    ask<{ source: string; reasons: Record<string, number> }>(refusedQuery, nowMs - dayMs, (row, into) => {
      into.refused = row.reasons;
    }),
    ask<{ source: string; n: number }>(duplicatesQuery, nowMs - dayMs, (row, into) => {
      into.duplicates = row.n;
    }),
    ask<{ source: string; arrivals: number[] }>(arrivalsQuery, nowMs - 30 * dayMs, (row, into) => {
      into.arrivalsMs = row.arrivals.map((ms) => -ms);
    }),
  ]);
  return numbers;
}

interface HourRow {
  source: string;
  ever: number;
  occurredMs: number;
  receivedMs: number;
  hours: number[];
}

interface DayRow {
  source: string;
  n: number;
  types: Record<string, number>;
  minutes: Record<string, number>;
  unknown: number;
  skewMs: number;
}

const hoursQuery = `SELECT source, sum(source_hourly.events) AS ever,
    toUnixTimestamp64Milli(max(last_at)) AS occurredMs, toUnixTimestamp64Milli(max(last_received_at)) AS receivedMs,
    arraySort(groupUniqArrayIf(intDiv(toUnixTimestamp(hour), 3600),
      hour >= fromUnixTimestamp64Milli({sinceMs: Int64}) AND hour <= fromUnixTimestamp64Milli({nowMs: Int64}))) AS hours
  FROM source_hourly WHERE source IN {ids: Array(String)} GROUP BY source`;

const dayQuery = `SELECT source, count() AS n, sumMap(map(toString(type), 1::UInt64)) AS types,
    sumMapIf(map(toString(toUnixTimestamp(toStartOfMinute(received_at))), 1::UInt64),
      received_at >= fromUnixTimestamp64Milli({hourMs: Int64})) AS minutes,
    countIf(client_key = ${nobody}) AS unknown,
    quantileTDigest(0.5)(toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(occurred_at)) AS skewMs
  FROM events WHERE source IN {ids: Array(String)} AND ${receivedSince} GROUP BY source`;

const refusedQuery = `SELECT source, sumMap(map(toString(reason), 1::UInt64)) AS reasons
  FROM rejected_events WHERE source IN {ids: Array(String)} AND ${receivedSince} GROUP BY source`;

const duplicatesQuery = `SELECT source, count() AS n
  FROM duplicate_events WHERE source IN {ids: Array(String)} AND ${receivedSince} GROUP BY source`;

const arrivalsQuery = `SELECT source, groupArraySorted(${newestArrivals})(-toUnixTimestamp64Milli(received_at)) AS arrivals
  FROM events WHERE source IN {ids: Array(String)} AND ${receivedSince} GROUP BY source`;

const emptyNumbers = (): SourceNumbers => ({
  eventsEver: 0,
  lastOccurredMs: undefined,
  lastReceivedMs: undefined,
  activeHours: [],
  events: 0,
  byType: {},
  byMinute: {},
  unknownClients: 0,
  clockSkewMs: undefined,
  refused: {},
  duplicates: 0,
  arrivalsMs: [],
});
