import { keysOfClients } from "./clientKeys.ts";
import { fill, type WarehouseSettings } from "./workspace.ts";

/** By which clients can be listed; the largest or latest first. */
export const clientSorts = ["revenue_net", "revenue_365d", "orders", "last_order", "last_activity", "events"] as const;
export type ClientSort = (typeof clientSorts)[number];

/** What one of a foreign currency was worth in the workspace's on each day. */
export interface DailyRates {
  /** ISO 4217 code. */
  currency: string;
  /** Number of the first day, since 1970-01-01. */
  since: number;
  /** A decimal number a day, parted by commas; 0 where no rate holds. */
  byDay: string;
}

const nobody = "toUUID('00000000-0000-0000-0000-000000000000')";

/** A number of every key by its rows of days. */
const ofDays = (sum: string, table: string): string => `
  SELECT {{owner}} AS owner_key, ${sum} AS number FROM ${table} WHERE {{among}} GROUP BY owner_key`;

/** A number of every key of all times together, which are there ready; those of people who moved are of their events. */
const ofAllTimes = (total: string, ofEvents: string): string => `
  SELECT client_key AS owner_key, ${total} AS number FROM client_totals
  WHERE {{among}} {{settled}} GROUP BY owner_key
  {{moved}}UNION ALL
  SELECT {{owner}} AS owner_key, ${ofEvents} AS number
  FROM (SELECT *, toDate(occurred_at, '{{timezone}}') AS day FROM events WHERE client_key IN (SELECT key FROM identity_moves))
  WHERE {{among}} GROUP BY owner_key{{/moved}}`;

/**
 * Net revenue of every key, as of `revenue_converted`, in one reading of its days: a join with the rates would take as long
 * again.
 */
const revenue = (where = "true"): string => `
  WITH {{rate}} AS rate
  SELECT {{owner}} AS owner_key, sum(if(currency = '{{currency}}', gross - returned,
    CAST(round(gross * rate, 4) - round(returned * rate, 4) AS Decimal(38, 4)))) AS number
  FROM revenue_daily WHERE ${where} AND {{among}} GROUP BY owner_key`;

const byKey: Record<ClientSort, { numbers: string; together: "sum" | "max" }> = {
  revenue_net: { numbers: revenue(), together: "sum" },
  revenue_365d: { numbers: revenue("day > toDate(now('{{timezone}}')) - 365"), together: "sum" },
  orders: { numbers: ofDays("sum(orders)", "revenue_daily"), together: "sum" },
  last_order: {
    // By day first: a row may take back the order that another says.
    numbers: ofDays(
      "toUnixTimestamp64Milli(max(last_order))",
      "(SELECT client_key, day, max(last_order) AS last_order FROM revenue_daily GROUP BY client_key, day HAVING sum(orders) > 0)",
    ),
    together: "max",
  },
  last_activity: {
    numbers: ofAllTimes(
      "toUnixTimestamp64Milli(max(last_active_at))",
      "toUnixTimestamp64Milli(maxIf(toNullable(occurred_at), activity))",
    ),
    together: "max",
  },
  events: { numbers: ofAllTimes("sum(events)", "count()"), together: "sum" },
};

/**
 * Settings that a ranking takes a fifth less time with (100,000 clients): sums by key in one piece until there are many,
 * and a join in one piece, for only keys that stand for another client are in it.
 */
export const rankingSettings = { group_by_two_level_threshold: "300000", join_algorithm: "hash" } as const;

/** For more clients than these, reading all is quicker than naming their keys. */
const mostNamed = 500;

const amongKeys = (ids: readonly string[] | undefined): string =>
  ids === undefined || ids.length > mostNamed ? "true" : `client_key IN ${keysOfClients(quoted(ids))}`;
/** SQL of the rate of a row's currency on its day. The rates are one text: ClickHouse takes long to read them one by one. */
function rateOfRow(rates: readonly DailyRates[]): string {
  const none = "toDecimal128(0, 12)";
  const cases = rates.map(
    ({ currency, since, byDay }) =>
      `currency = '${currency}', arrayElement(CAST('[${byDay}]' AS Array(Decimal(38, 12))), greatest(toInt32(day) - ${since - 1}, 0))`,
  );
  return cases.length === 0 ? none : `multiIf(${cases.join(", ")}, ${none})`;
}

const amongClients = (ids: readonly string[] | undefined): string =>
  ids === undefined ? "true" : `client_id IN (${quoted(ids)})`;
const quoted = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(", ");

/**
 * Clients by one number alone, which reads a tenth of what the view `clients` does: a list is then one page of it, read
 * by keys. Clients that have no such number (no orders, say) are not in it; by
 * events all are. Columns: client_id, number (money, a count,
 * or milliseconds since 1970).
 * @param among ids of the clients to rank; all without
 * @param hasMoved whether anybody ever moved (`identity_moves` has rows): looking for the owner of each row then costs a
 *   third of the time
 * @param rates of the currencies that anybody pays in, for the sorts by revenue; what has none counts nothing
 */
export function rankingQuery(
  sort: ClientSort,
  workspace: WarehouseSettings,
  {
    among,
    hasMoved,
    rates,
  }: { among?: readonly string[] | undefined; hasMoved: boolean; rates: readonly DailyRates[] },
): string {
  const { numbers, together } = byKey[sort];
  const ofKeys = numbers
    .replaceAll("{{rate}}", rateOfRow(rates))
    .replaceAll("{{owner}}", hasMoved ? "{{owner client_key day}}" : "client_key")
    .replaceAll("{{settled}}", hasMoved ? "AND client_key NOT IN (SELECT key FROM identity_moves)" : "")
    .replace(/\{\{moved\}\}(.*?)\{\{\/moved\}\}/s, hasMoved ? "$1" : "")
    .replaceAll("{{among}}", amongKeys(among));
  return fill(
    `SELECT client_id, number FROM (
      SELECT coalesce(nullIf(m.client_id, ${nobody}), k.owner_key) AS client_id, toFloat64(${together}(k.number)) AS number
      FROM (${ofKeys}) AS k
      LEFT JOIN (SELECT key, client_id FROM identity_map WHERE client_id != key) AS m ON m.key = k.owner_key
      WHERE isNotNull(k.number) AND k.owner_key != ${nobody} GROUP BY client_id) WHERE ${amongClients(among)}`,
    workspace,
  );
}
