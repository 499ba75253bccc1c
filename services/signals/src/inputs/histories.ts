import type { ClickHouse } from "@keypulse/engines";
import { nobody } from "@keypulse/identity";
import { keysOfClients } from "@keypulse/warehouse";
import type { ClientHistory, DailyRevenue } from "../domain/clientHistory.ts";
import { type ActivityRow, actCodes, actKinds, HistoryRows, type RevenueRow } from "./historyRows.ts";

const clientsAQuery = 5_000;
/** So many keys' days fit into ClickHouse's memory at once; here they come one client after the other. */
const usualKeysAPart = 500_000;
const ratesMaxAgeMs = 60_000;

/** Whose rows are read: SQL of conditions, and of what maps keys to clients. */
interface Scope {
  rows: string;
  map: string;
  moves: string;
  clients: string;
}

/** Loads what detectors need, thousands of clients a query. Sums by leaf key first, the identity map after. */
export class Histories {
  readonly #clickhouse: ClickHouse;
  readonly #currency: string;
  readonly #timezone: string;
  /** Whether exchange rates are known; read again after a minute. */
  #rates: { readMs: number; areKnown: boolean } | undefined;
  readonly #keysAPart: number;
  constructor(
    clickhouse: ClickHouse,
    { currency, timezone }: { currency: string; timezone: string },
    keysAPart = usualKeysAPart,
  ) {
    this.#keysAPart = keysAPart;
    this.#timezone = timezone;
    this.#clickhouse = clickhouse;
    this.#currency = currency;
  }

  /** Who the owners of these leaf keys are now, and were before the person moved. */
  async clientIdsOf(keys: Iterable<string>): Promise<string[]> {
    const ids = new Set<string>();
    for (const part of partsOf([...keys])) {
      const rows = this.#rows<{ client_id: string }>(
        `SELECT DISTINCT if(m.client_id = '${nobody}', a.client_key, m.client_id) AS client_id
         FROM (SELECT arrayJoin([${quoted(part)}]::Array(UUID)) AS client_key) AS a
         LEFT JOIN (SELECT key, client_id FROM identity_map WHERE key IN (${quoted(part)})) AS m ON m.key = a.client_key
         UNION DISTINCT SELECT client_id FROM identity_moves WHERE key IN (${quoted(part)})`,
      );
      for await (const row of rows) ids.add(row.client_id);
    }
    return [...ids];
  }

  async load(clientIds: readonly string[]): Promise<ClientHistory[]> {
    const histories: ClientHistory[] = [];
    const made = new HistoryRows();
    for (const part of partsOf(clientIds)) {
      const list = quoted(part);
      const keys = keysOfClients(list);
      await this.#read(
        {
          rows: `client_key IN ${keys}`,
          map: `(SELECT key, client_id FROM identity_map WHERE key IN ${keys})`,
          moves: `(SELECT key, since, client_id FROM identity_moves WHERE key IN ${keys})`,
          clients: `client_id IN (${list})`,
        },
        made,
        histories,
      );
    }
    return histories;
  }

  /** All clients: whole tables are read, instead of names of clients being looked up a hundred thousand times. */
  async loadAll(): Promise<ClientHistory[]> {
    const histories: ClientHistory[] = [];
    const made = new HistoryRows();
    for await (const { keys } of this.#rows<{ keys: number }>(
      "SELECT toUInt32(uniq(client_key)) AS keys FROM client_totals",
    )) {
      const parts = Math.ceil(keys / this.#keysAPart) || 1;
      for (let part = 0; part < parts; part++) {
        const isOfPart = (id: string) => (parts === 1 ? "true" : `cityHash64(${id}) % ${parts} = ${part}`);
        const ofPart = (table: string) => `SELECT key FROM ${table} WHERE ${isOfPart("client_id")}`;
        // A key that the map does not know is a client by itself.
        const keysOfPart = `(${isOfPart("client_key")} OR client_key IN (${ofPart("identity_map")} UNION DISTINCT ${ofPart("identity_moves")}))`;
        await this.#read(
          {
            rows: `client_key != '${nobody}' AND ${keysOfPart}`,
            map: "(SELECT key, client_id FROM identity_map)",
            moves: "(SELECT key, since, client_id FROM identity_moves)",
            clients: isOfPart("client_id"),
          },
          made,
          histories,
        );
      }
    }
    return histories;
  }

  /**
   * Adds the histories of a part. Days of a leaf key become arrays before it is looked up whose they are: a hundred
   * thousand keys are mapped, and not ten million days. Keys of people who moved are looked up day by day.
   */
  async #read({ rows: keys, map, moves, clients }: Scope, made: HistoryRows, histories: ClientHistory[]) {
    const revenue = new Map<string, DailyRevenue>();
    const movedDay = `if(client_key IN (SELECT key FROM identity_moves), day, toDate(0))`;
    /** Sums by leaf key and moved day, of the clients that they belong to. */
    const ofClients = (sums: string) =>
      `SELECT * FROM (
         SELECT ${clientId} AS client_id, a.* FROM (${sums}) AS a
         LEFT JOIN ${map} AS m ON m.key = a.client_key
         ASOF LEFT JOIN ${moves} AS v ON v.key = a.client_key AND v.since <= a.moved_day
       ) WHERE ${clients}`;
    const revenueRows = this.#rows<RevenueRow>(
      `SELECT client_id, arrayMap(d -> d.1, sorted) AS days, arrayMap(d -> d.2, sorted) AS amounts FROM (
         SELECT client_id, arraySort(groupArray((toUInt16(net_day), toString(net)))) AS sorted FROM (
           SELECT client_id, net_day, sum(net) AS net FROM (${ofClients(`
             SELECT client_key, day AS net_day, day AS moved_day, ${await this.#revenueRows()} AND ${keys} GROUP BY client_key, day`)}
           ) GROUP BY client_id, net_day
         ) GROUP BY client_id
       )`,
    );
    const activityRows = this.#rows<ActivityRow>(
      `SELECT * EXCEPT sorted, arrayMap(d -> d.1, sorted) AS days, arrayMap(d -> d.2, sorted) AS codes,
         arrayMap(d -> d.3, sorted) AS active
       FROM (
         SELECT client_id, arraySort(groupArrayArray(acts)) AS sorted,
           sumMap([source], ${list((code) => `[acts_${code}]`)}, [acts_all]) AS shares,
           [${list((code) => `minIf(first_${code}, acts_${code} > 0)`)}] AS firsts, [${list((code) => `max(last_${code})`)}] AS lasts
         FROM (${ofClients(`
           SELECT client_key, source, ${movedDay} AS moved_day,
             groupArray((toUInt16(day), code, acted)) AS acts, sumIf(acted, code BETWEEN 1 AND 4) AS acts_all,
             ${list((code) => `sumIf(acted, code = ${code}) AS acts_${code}`)},
             ${list((code) => `minIf(toUnixTimestamp64Milli(first_at), code = ${code}) AS first_${code}`)},
             ${list((code) => `maxIf(toUnixTimestamp64Milli(last_at), code = ${code}) AS last_${code}`)}
           FROM (
             SELECT client_key, source, day, first_at, last_at, accurateCast(active, 'UInt32') AS acted,
               toUInt8(indexOf([${actKinds.map((kind) => `'${kind}'`)}], kind)) AS code
             FROM activity_daily WHERE active > 0 AND ${keys}
             UNION ALL
             SELECT client_key, source, day, assumeNotNull(min(s.first_order)), assumeNotNull(max(s.last_order)),
               accurateCast(sum(s.orders), 'UInt32'), toUInt8(0)
             FROM revenue_daily AS s WHERE ${keys} GROUP BY client_key, source, day HAVING sum(s.orders) > 0
             UNION ALL
             SELECT client_key, source, toDate(coalesce(bill.issued_at, d.first_at), '${this.#timezone}') AS day, min(coalesce(bill.issued_at, d.first_at)),
               max(coalesce(bill.issued_at, d.first_at)), toUInt32(count()), toUInt8(5)
             FROM client_orders AS d FINAL ARRAY JOIN bills AS bill
             WHERE NOT counts AND NOT gone AND part_of = '' AND bill.kind = 'invoice' AND bill.state != 'voided' AND ${keys}
             GROUP BY client_key, source, day
           ) GROUP BY client_key, source, moved_day`)}
         ) GROUP BY client_id
       )`,
    );
    const readRevenue = async () => {
      for await (const row of revenueRows) revenue.set(row.client_id, made.revenueOf(row));
    };
    const readActivity = async () => {
      for await (const row of activityRows) histories.push(made.historyOf(row));
    };
    const first = histories.length;
    await Promise.all([readRevenue(), readActivity()]);
    for (const history of histories.slice(first)) {
      history.revenue = revenue.get(history.clientId) ?? history.revenue;
    }
  }

  /** Amounts in the workspace's currency; the view converts others, where anybody has loaded rates. */
  async #revenueRows(): Promise<string> {
    if (this.#rates === undefined || Date.now() - this.#rates.readMs > ratesMaxAgeMs) {
      for await (const { rates } of this.#rows<{ rates: number }>("SELECT count() AS rates FROM exchange_rates")) {
        this.#rates = { readMs: Date.now(), areKnown: rates > 0 };
      }
    }
    return this.#rates!.areKnown
      ? "sum(gross_here - returned_here) AS net FROM revenue_converted WHERE has_rate"
      : `sum(gross - returned) AS net FROM revenue_daily WHERE currency = '${this.#currency}'`;
  }

  /** Names for people: what groups and contacts are called, else an identifier. */
  async names(clientIds: readonly string[]): Promise<Map<string, string>> {
    const names = new Map<string, string>();
    for (const part of partsOf(clientIds)) {
      const rows = this.#rows<{ client_id: string; name: string }>(
        `SELECT c.client_id AS client_id, if(n.name != '', n.name, c.label) AS name
         FROM (
           SELECT m.client_id AS client_id,
             argMin(i.value, indexOf(['account_id', 'crm_id', 'user_id', 'email', 'phone', 'anonymous_id'], i.kind)) AS label
           FROM (SELECT key, client_id FROM identity_map WHERE key IN ${keysOfClients(quoted(part))}) AS m
           INNER JOIN identifiers AS i ON i.key = m.key
           WHERE m.client_id IN (${quoted(part)})
           GROUP BY client_id
         ) AS c
         LEFT JOIN (SELECT client_id, name FROM client_names WHERE client_id IN (${quoted(part)})) AS n ON n.client_id = c.client_id`,
      );
      for await (const row of rows) names.set(row.client_id, row.name);
    }
    return names;
  }

  /** Epoch hours with events of each source in the last year before `untilMs`, ascending. */
  async sourceHours(untilMs: number): Promise<Map<string, number[]>> {
    const hours = new Map<string, number[]>();
    const rows = this.#rows<{ source: string; hours: number[] }>(
      `SELECT source, arraySort(groupUniqArray(toUInt32(intDiv(toUnixTimestamp(hour), 3600)))) AS hours
       FROM source_hourly
       WHERE kind != 'identity' AND hour > toDateTime(${Math.floor(untilMs / 1000)}) - INTERVAL 400 DAY
       GROUP BY source`,
    );
    for await (const row of rows) hours.set(row.source, row.hours);
    return hours;
  }

  /** Rows as they come: an answer of a hundred thousand clients is never in memory as a whole. */
  async *#rows<T>(query: string): AsyncGenerator<T> {
    const result = await this.#clickhouse.query({
      query,
      format: "JSONEachRow",
      clickhouse_settings: {
        // Lists of thousands of ids.
        max_query_size: "10000000",
        output_format_json_quote_64bit_integers: 0,
      },
    });
    for await (const rows of result.stream<T>()) for (const row of rows) yield row.json();
  }
}

const clientId = `multiIf(v.client_id != '${nobody}', v.client_id, m.client_id != '${nobody}', m.client_id, a.client_key)`;
/** SQL for each code of acts. */
const list = (sql: (code: number) => string): string => actCodes.map(sql).join(", ");
const quoted = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(",");

function* partsOf(ids: readonly string[]): Generator<string[]> {
  for (let i = 0; i < ids.length; i += clientsAQuery) yield ids.slice(i, i + clientsAQuery);
}
