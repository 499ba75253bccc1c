import type { ClickHouse } from "@keypulse/engines";
import { nobody } from "@keypulse/identity";
import { keysOfClients } from "@keypulse/warehouse";
import type { ActivityChannel, ClientHistory } from "../domain/clientHistory.ts";

const clientsAQuery = 5_000;
/** So many keys' days fit into ClickHouse's answer and this process at once. */
const keysAPart = 50_000;

/** Whose rows are read: SQL of conditions, and of what maps keys to clients. */
interface Scope {
  rows: string;
  map: string;
  moves: string;
  clients: string;
}

interface ActivityRow {
  client_id: string;
  days: number[];
  orders: string[];
  active: string[];
  first_order: string;
  last_order: string;
  first_active: string;
  last_active: string;
}

interface ShareRow {
  client_id: string;
  shares: [source: string, orders: string, active: string][];
}

interface RevenueRow {
  client_id: string;
  revenue: [day: number, amount: string][];
}

/** Loads what detectors need, thousands of clients a query. Sums by leaf key first, the identity map after. */
export class Histories {
  readonly #clickhouse: ClickHouse;
  readonly #currency: string;
  constructor(clickhouse: ClickHouse, currency: string) {
    this.#clickhouse = clickhouse;
    this.#currency = currency;
  }

  /** Who the owners of these leaf keys are now, and were before the person moved. */
  async clientIdsOf(keys: Iterable<string>): Promise<string[]> {
    const ids = new Set<string>();
    for (const part of partsOf([...keys])) {
      const rows = await this.#rows<{ client_id: string }>(
        `SELECT DISTINCT if(m.client_id = '${nobody}', a.client_key, m.client_id) AS client_id
         FROM (SELECT arrayJoin([${quoted(part)}]::Array(UUID)) AS client_key) AS a
         LEFT JOIN (SELECT key, client_id FROM identity_map WHERE key IN (${quoted(part)})) AS m ON m.key = a.client_key
         UNION DISTINCT SELECT client_id FROM identity_moves WHERE key IN (${quoted(part)})`,
      );
      for (const row of rows) ids.add(row.client_id);
    }
    return [...ids];
  }

  async load(clientIds: readonly string[]): Promise<ClientHistory[]> {
    const histories: ClientHistory[] = [];
    for (const part of partsOf(clientIds)) {
      const list = quoted(part);
      const keys = keysOfClients(list);
      histories.push(
        ...(await this.#read({
          rows: `client_key IN ${keys}`,
          map: `(SELECT key, client_id FROM identity_map WHERE key IN ${keys})`,
          moves: `(SELECT key, since, client_id FROM identity_moves WHERE key IN ${keys})`,
          clients: `client_id IN (${list})`,
        })),
      );
    }
    return histories;
  }

  /** All clients: whole tables are read a few times, instead of names of clients being looked up a hundred thousand times. */
  async loadAll(): Promise<ClientHistory[]> {
    const [row] = await this.#rows<{ keys: number }>("SELECT toUInt32(uniq(client_key)) AS keys FROM client_totals");
    const parts = Math.ceil(row!.keys / keysAPart) || 1;
    const histories: ClientHistory[] = [];
    for (let part = 0; part < parts; part++) {
      const read = await this.#read({
        rows: `client_key != '${nobody}'`,
        map: "(SELECT key, client_id FROM identity_map)",
        moves: "(SELECT key, since, client_id FROM identity_moves)",
        clients: `cityHash64(client_id) % ${parts} = ${part}`,
      });
      for (const history of read) histories.push(history);
    }
    return histories;
  }

  async #read({ rows: keys, map, moves, clients }: Scope): Promise<ClientHistory[]> {
    /** Rows of days by leaf key, of the clients that they belong to. */
    const ofClients = (rows: string) =>
      `SELECT * FROM (
         SELECT ${clientId} AS client_id, a.* FROM (${rows}) AS a
         LEFT JOIN ${map} AS m ON m.key = a.client_key
         ASOF LEFT JOIN ${moves} AS v ON v.key = a.client_key AND v.since <= a.day
       ) WHERE ${clients}`;
    const [activity, shares, revenue] = await Promise.all([
      this.#rows<ActivityRow>(
        `SELECT h.client_id AS client_id, groupArray(toUInt16(h.day)) AS days, groupArray(h.orders) AS orders,
           groupArray(h.active) AS active, minIf(h.first_order, h.orders > 0) AS first_order,
           max(h.last_order) AS last_order, min(h.first_active) AS first_active, max(h.last_active) AS last_active
         FROM (
           SELECT a.client_id AS client_id, a.day AS day, sum(a.orders) AS orders, sum(a.active) AS active,
             minIf(a.first_order, a.orders > 0) AS first_order, max(a.last_order) AS last_order,
             min(a.first_active) AS first_active, max(a.last_active) AS last_active
           FROM (${ofClients(`
             SELECT d.client_key AS client_key, d.day AS day,
               sumIf(d.active, d.type = 'order.placed') AS orders, sum(d.active) AS active,
               minIf(toUnixTimestamp64Milli(d.first_at), d.type = 'order.placed') AS first_order,
               maxIf(toUnixTimestamp64Milli(d.last_at), d.type = 'order.placed') AS last_order,
               min(toUnixTimestamp64Milli(d.first_at)) AS first_active,
               max(toUnixTimestamp64Milli(d.last_at)) AS last_active
             FROM (SELECT * FROM activity_daily WHERE active > 0 AND ${keys}) AS d
             GROUP BY d.client_key, d.day`)}
           ) AS a
           GROUP BY client_id, day
           ORDER BY client_id, day
         ) AS h
         GROUP BY h.client_id`,
      ),
      this.#rows<ShareRow>(
        `SELECT client_id, groupArray((source, orders, active)) AS shares FROM (
           SELECT a.client_id AS client_id, a.source AS source, sum(a.orders) AS orders, sum(a.active) AS active
           FROM (${ofClients(`
             SELECT d.client_key AS client_key, d.day AS day, d.source AS source,
               sumIf(d.active, d.type = 'order.placed') AS orders, sum(d.active) AS active
             FROM (SELECT * FROM activity_daily WHERE active > 0 AND ${keys}) AS d
             GROUP BY d.client_key, d.day, d.source`)}
           ) AS a
           GROUP BY client_id, source
         ) GROUP BY client_id`,
      ),
      this.#rows<RevenueRow>(
        `SELECT client_id, groupArray((toUInt16(day), toString(net))) AS revenue FROM (
           SELECT a.client_id AS client_id, a.day AS day, sum(a.net) AS net
           FROM (${ofClients(`
             SELECT client_key, day, sum(gross - returned) AS net FROM revenue_daily
             WHERE currency = '${this.#currency}' AND ${keys} GROUP BY client_key, day`)}
           ) AS a
           GROUP BY client_id, day
         ) GROUP BY client_id`,
      ),
    ]);
    const sharesOf = new Map(shares.map((row) => [row.client_id, row.shares]));
    const revenueOf = new Map(revenue.map((row) => [row.client_id, row.revenue]));
    return activity.map((row) => toHistory(row, sharesOf.get(row.client_id) ?? [], revenueOf.get(row.client_id) ?? []));
  }

  /** Names for people: what groups and contacts are called, else an identifier. */
  async names(clientIds: readonly string[]): Promise<Map<string, string>> {
    const names = new Map<string, string>();
    for (const part of partsOf(clientIds)) {
      const rows = await this.#rows<{ client_id: string; name: string }>(
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
      for (const row of rows) names.set(row.client_id, row.name);
    }
    return names;
  }

  /** Epoch hours with events of each source in the last year before `untilMs`, ascending. */
  async sourceHours(untilMs: number): Promise<Map<string, number[]>> {
    const rows = await this.#rows<{ source: string; hours: number[] }>(
      `SELECT source, arraySort(groupUniqArray(toUInt32(intDiv(toUnixTimestamp(hour), 3600)))) AS hours
       FROM source_hourly
       WHERE kind != 'identity' AND hour > toDateTime(${Math.floor(untilMs / 1000)}) - INTERVAL 400 DAY
       GROUP BY source`,
    );
    return new Map(rows.map((row) => [row.source, row.hours]));
  }

  async #rows<T>(query: string): Promise<T[]> {
    const result = await this.#clickhouse.query({
      query,
      format: "JSONEachRow",
      // Lists of thousands of ids.
      clickhouse_settings: { max_query_size: "10000000" },
    });
    return await result.json<T>();
  }
}

const clientId = `multiIf(v.client_id != '${nobody}', v.client_id, m.client_id != '${nobody}', m.client_id, a.client_key)`;
const quoted = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(",");

function* partsOf(ids: readonly string[]): Generator<string[]> {
  for (let i = 0; i < ids.length; i += clientsAQuery) yield ids.slice(i, i + clientsAQuery);
}

function toHistory(row: ActivityRow, shares: ShareRow["shares"], revenue: RevenueRow["revenue"]): ClientHistory {
  const channel = (counts: string[], name: ActivityChannel, firstAt: string, lastAt: string) => {
    const kept = counts.flatMap((count, i) => (Number(count) > 0 ? [i] : []));
    if (kept.length === 0) return undefined;
    const index = name === "orders" ? 1 : 2;
    const total = shares.reduce((sum, share) => sum + Number(share[index]), 0);
    return {
      days: kept.map((i) => row.days[i]!),
      counts: kept.map((i) => Number(counts[i])),
      firstAtMs: Number(firstAt),
      lastAtMs: Number(lastAt),
      sourceShares: new Map(shares.map((share) => [share[0], Number(share[index]) / total])),
    };
  };
  const orders = channel(row.orders, "orders", row.first_order, row.last_order);
  const all = channel(row.active, "all", row.first_active, row.last_active);
  return {
    clientId: row.client_id,
    channels: { ...(orders && { orders }), ...(all && { all }) },
    revenue: revenue.map(([day, amount]) => ({ day, amount: Number(amount) })),
  };
}
