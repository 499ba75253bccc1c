import type { ClickHouse } from "@keypulse/engines";
import { nobody } from "@keypulse/identity";
import { createCalendar, type EventDays, NO_SEGMENT, type OrderAmount } from "@keypulse/methods";
import { publicHolidays } from "@keypulse/methods/holidays";
import { BacktestError, type BacktestHistory } from "./history.ts";
import type { SegmentBy } from "./options.ts";

/** A client's day in a channel. */
interface DayRow {
  readonly client_id: string;
  readonly days: readonly number[];
  readonly counts: readonly string[];
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly shares: readonly (readonly [source: string, count: string])[];
}

/** Whose a leaf key's day is, as the signals service sees it: people who moved leave earlier days where they were. */
const clientId = `multiIf(v.client_id != '${nobody}', v.client_id, m.client_id != '${nobody}', m.client_id, a.client_key)`;
const owners = `LEFT JOIN identity_map AS m ON m.key = a.client_key
  ASOF LEFT JOIN identity_moves AS v ON v.key = a.client_key AND v.since <= a.day`;

/** Reads the activity that the signals service judges. @throws BacktestError where there is none */
export async function readWarehouse(
  clickhouse: ClickHouse,
  settings: {
    timeZone: string;
    country: string | undefined;
    currency: string;
    from: string | undefined;
    to: string | undefined;
    segmentBy: SegmentBy;
    nowMs: number;
  },
): Promise<BacktestHistory> {
  const { timeZone, from = "1970-01-01", to = "2149-01-01", nowMs } = settings;
  const calendar = createCalendar(timeZone, publicHolidays(settings.country));
  const dayStartOf = (day: string): number => calendar.dayStartMs(Date.parse(day) / 86_400_000);
  const parameters = { from, to, currency: settings.currency };
  async function* rows<T>(query: string): AsyncGenerator<T> {
    const result = await clickhouse.query({ query, format: "JSONEachRow", query_params: parameters });
    for await (const batch of result.stream<T>()) for (const row of batch) yield row.json();
  }

  const segments = new Map<string, string>();
  if (settings.segmentBy !== "none") {
    for await (const { client_id, segment } of rows<{ client_id: string; segment: string }>(
      `SELECT client_id, s.${settings.segmentBy} AS segment FROM client_said AS s WHERE segment != ''`,
    )) {
      segments.set(client_id, segment);
    }
  }

  async function channelOf(name: "orders" | "all"): Promise<{ name: "orders" | "all"; clients: EventDays[] }> {
    const clients: EventDays[] = [];
    const between = `client_key != '${nobody}' AND day >= {from:Date} AND day < {to:Date}`;
    /** Acts, or sales as they stand in the end: as the detectors count them. */
    const counted = {
      all: `SELECT client_key, day, toString(source) AS source, sum(active) AS n,
          toUnixTimestamp64Milli(min(first_at)) AS first, toUnixTimestamp64Milli(max(last_at)) AS last
        FROM activity_daily WHERE active > 0 AND ${between}
        GROUP BY client_key, day, source`,
      orders: `SELECT client_key, day, toString(source) AS source, toUInt64(sum(s.orders)) AS n,
          toUnixTimestamp64Milli(assumeNotNull(min(s.first_order))) AS first, toUnixTimestamp64Milli(assumeNotNull(max(s.last_order))) AS last
        FROM revenue_daily AS s WHERE ${between}
        GROUP BY client_key, day, source HAVING sum(s.orders) > 0`,
    }[name];
    const query = `
      SELECT client_id, groupArray(toUInt16(day)) AS days, groupArray(toString(n)) AS counts,
        groupArray(toString(first)) AS first, groupArray(toString(last)) AS last,
        arrayZip(tupleElement(sumMap(sources) AS s, 1), arrayMap(x -> toString(x), tupleElement(s, 2))) AS shares
      FROM (
        SELECT ${clientId} AS client_id, a.day AS day, sum(a.n) AS n, min(a.first) AS first, max(a.last) AS last,
          sumMap([a.source], [a.n]) AS sources
        FROM (${counted}) AS a ${owners}
        GROUP BY client_id, day ORDER BY client_id, day
      ) GROUP BY client_id`;
    for await (const row of rows<DayRow>(query)) clients.push(eventDaysOf(row, segments.get(row.client_id)));
    return { name, clients };
  }

  const channels = [await channelOf("orders"), await channelOf("all")].filter(({ clients }) => clients.length > 0);
  if (channels.length === 0) {
    throw new BacktestError(
      "There is no activity of clients stored between --from and --to. Send events or import past orders first, or name a file by --csv.",
    );
  }
  const sourceHours = new Map<string, number[]>();
  for await (const { source, hours } of rows<{ source: string; hours: number[] }>(
    `SELECT source, arraySort(groupUniqArray(toUInt32(intDiv(toUnixTimestamp(hour), 3600)))) AS hours FROM source_hourly
     WHERE kind != 'identity' AND toDate(hour) >= {from:Date} AND toDate(hour) < {to:Date} GROUP BY source`,
  )) {
    sourceHours.set(source, hours);
  }
  const revenue = new Map<string, OrderAmount[]>();
  for await (const { client_id, days, amounts } of rows<{ client_id: string; days: number[]; amounts: string[] }>(
    `SELECT client_id, groupArray(toUInt16(day)) AS days, groupArray(toString(net)) AS amounts FROM (
       SELECT ${clientId} AS client_id, a.day AS day, sum(a.net) AS net
       FROM (SELECT client_key, day, sum(gross - returned) AS net FROM revenue_daily
         WHERE currency = {currency:String} AND day >= {from:Date} AND day < {to:Date} GROUP BY client_key, day) AS a ${owners}
       GROUP BY client_id, day
     ) GROUP BY client_id`,
  )) {
    const ofDay = (day: number, i: number) => ({ atMs: calendar.dayStartMs(day), amount: Number(amounts[i]) });
    revenue.set(client_id, days.map(ofDay));
  }
  const everybody = channels.at(-1)!.clients;
  return {
    origin: "the warehouse",
    calendar,
    timeZone,
    events: everybody.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0),
    notes: [],
    channels,
    sourceHours,
    revenue,
    untilMs: settings.to === undefined ? nowMs : Math.min(dayStartOf(to), nowMs),
  };
}

function eventDaysOf(row: DayRow, segment = NO_SEGMENT): EventDays {
  const total = row.shares.reduce((sum, [, count]) => sum + Number(count), 0);
  return {
    client: row.client_id,
    segment,
    days: row.days,
    counts: row.counts.map(Number),
    firstMs: row.first.map(Number),
    lastMs: row.last.map(Number),
    sourceShares: new Map(row.shares.map(([source, count]) => [source, Number(count) / total])),
  };
}
