import type { ClickHouse } from "@keypulse/engines";
import { type Place, type PlaceChange, packKey, unpackKey } from "@keypulse/identity/store";

/** What would move from one client to another. */
export interface Move {
  from: string;
  to: string;
  events: number;
  orders: number;
  /** In the workspace's currency, net of returns. */
  revenue: number;
  alerts: number;
}

interface KeyPlaces {
  was: Place;
  becomes: Place;
}

interface Sums {
  client_key: string;
  day: number;
  events: string;
  orders: string;
  revenue: string;
}

const keysAQuery = 5_000;

/** Adds up what a planned decision would move: by leaf key, and by day for people who moved between clients. */
export function createMeasureMove(clickhouse: ClickHouse, workspace: { timezone: string; currency: string }) {
  const dayFormat = new Intl.DateTimeFormat("en-CA", { timeZone: workspace.timezone });

  async function ask<T>(query: string, query_params: Record<string, unknown> = {}): Promise<T[]> {
    const result = await clickhouse.query({
      query,
      query_params,
      format: "JSONEachRow",
      clickhouse_settings: { max_query_size: "10000000" },
    });
    return await result.json<T>();
  }

  return async function measureMove(changes: readonly PlaceChange[]): Promise<Move[]> {
    const places = new Map<string, KeyPlaces>(
      changes.map(({ key, was, becomes }) => [unpackKey(key), { was, becomes }]),
    );
    const clientsWas = new Map<string, string>();
    const clientsBecome = new Map<string, string>();
    for (const [key, { was, becomes }] of places) {
      if (was.level !== "client") continue;
      clientsWas.set(key, unpackKey(was.client));
      clientsBecome.set(key, unpackKey(becomes.client));
    }
    for (const [key, place] of await membersOf([...clientsWas.keys()])) {
      if (!places.has(key)) places.set(key, { was: place, becomes: place });
    }
    const now = await standsFor(places);
    const owner = (place: Place, changed: ReadonlyMap<string, string>, day: number): string => {
      const leaf = unpackKey(place.level === "person" ? clientAt(place, day) : place.client);
      return changed.get(leaf) ?? now.get(leaf) ?? leaf;
    };

    const moves = new Map<string, Move>();
    const add = (from: string, to: string, part: Partial<Move>): void => {
      if (from === to) return;
      const move = moves.get(`${from}${to}`) ?? { from, to, events: 0, orders: 0, revenue: 0, alerts: 0 };
      moves.set(`${from}${to}`, move);
      move.events += part.events ?? 0;
      move.orders += part.orders ?? 0;
      move.revenue += part.revenue ?? 0;
      move.alerts += part.alerts ?? 0;
    };
    for (const keys of partsOf([...places.keys()])) {
      for (const sums of await sumsOf(keys)) {
        const { was, becomes } = places.get(sums.client_key)!;
        add(owner(was, clientsWas, sums.day), owner(becomes, clientsBecome, sums.day), {
          events: Number(sums.events),
          orders: Number(sums.orders),
          revenue: Number(sums.revenue),
        });
      }
      for (const { client_key, day, alerts } of await alertsOf(keys)) {
        const { was, becomes } = places.get(client_key)!;
        add(owner(was, clientsWas, day), owner(becomes, clientsBecome, day), { alerts: Number(alerts) });
      }
    }
    return [...moves.values()].sort((a, b) => b.revenue - a.revenue || b.events - a.events);
  };

  /** Identifiers of people who belong, or once belonged, to these keys of clients; and the keys themselves. */
  async function membersOf(clientKeys: readonly string[]): Promise<Map<string, Place>> {
    const places = new Map<string, Place>();
    for (const part of partsOf(clientKeys)) {
      const rows = await ask<{
        key: string;
        contact_id: string;
        client_key: string;
        eras: { since_ms: string; client_key: string }[];
      }>(
        `SELECT key, contact_id, client_key, arrayMap(era -> (toUnixTimestamp64Milli(era.since), era.client_key),
             eras)::Array(Tuple(since_ms Int64, client_key UUID)) AS eras
         FROM (SELECT * FROM identity_keys FINAL
           WHERE key IN (SELECT key FROM identity_members WHERE client_key IN (${quoted(part)})))
         WHERE contact_id != toUUID('00000000-0000-0000-0000-000000000000')`,
      );
      for (const row of rows) {
        places.set(row.key, {
          level: "person",
          contact: packKey(row.contact_id),
          client: packKey(row.client_key),
          eras: row.eras.map((era) => ({ sinceMs: Number(era.since_ms), client: packKey(era.client_key) })),
        });
      }
    }
    return places;
  }

  /** Which client the keys of clients in these places stand for now. */
  async function standsFor(places: ReadonlyMap<string, KeyPlaces>): Promise<Map<string, string>> {
    const leaves = new Set<string>();
    for (const { was, becomes } of places.values()) {
      for (const place of [was, becomes]) {
        leaves.add(unpackKey(place.client));
        if (place.level === "person") for (const era of place.eras) leaves.add(unpackKey(era.client));
      }
    }
    const found = new Map<string, string>();
    for (const part of partsOf([...leaves])) {
      const rows = await ask<{ key: string; client_id: string }>(
        `SELECT key, client_id FROM identity_clients FINAL WHERE key IN (${quoted(part)})`,
      );
      for (const row of rows) found.set(row.key, row.client_id);
    }
    return found;
  }

  /** Moves count by the day (of the workspace's time zone), as in the views. */
  function clientAt(place: Extract<Place, { level: "person" }>, day: number): string {
    return place.eras.findLast(({ sinceMs }) => dayOf(sinceMs) <= day)?.client ?? place.client;
  }

  function dayOf(ms: number): number {
    return Date.parse(`${dayFormat.format(ms)}T00:00:00Z`) / 86_400_000;
  }

  async function sumsOf(keys: readonly string[]): Promise<Sums[]> {
    return await ask<Sums>(
      `SELECT client_key, toUInt32(day) AS day, sum(events) AS events, sum(orders) AS orders, sum(revenue) AS revenue FROM (
         SELECT client_key, day, sum(events) AS events, 0 AS orders, toDecimal128(0, 4) AS revenue
         FROM activity_daily WHERE client_key IN (${quoted(keys)}) GROUP BY client_key, day
         UNION ALL
         SELECT client_key, day, 0, sum(orders), sumIf(gross - returned, currency = {currency: String})
         FROM revenue_daily WHERE client_key IN (${quoted(keys)}) GROUP BY client_key, day)
       GROUP BY client_key, day`,
      { currency: workspace.currency },
    );
  }

  async function alertsOf(keys: readonly string[]) {
    return await ask<{ client_key: string; day: number; alerts: string }>(
      `SELECT client_id AS client_key, toUInt32(toDate(crossed_at, {timezone: String})) AS day, uniqExact(id) AS alerts
       FROM alerts WHERE client_id IN (${quoted(keys)}) GROUP BY client_key, day`,
      { timezone: workspace.timezone },
    );
  }
}

const quoted = (keys: readonly string[]): string =>
  keys.length === 0 ? "NULL" : keys.map((key) => `'${key}'`).join(",");

function* partsOf(keys: readonly string[]): Generator<string[]> {
  for (let i = 0; i < keys.length; i += keysAQuery) yield keys.slice(i, i + keysAQuery);
}
