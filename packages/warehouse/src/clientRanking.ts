import { fill, type WarehouseSettings } from "./workspace.ts";

/** By which clients can be listed; the largest or latest first. */
export const clientSorts = ["revenue_net", "revenue_365d", "orders", "last_order", "last_activity", "events"] as const;
export type ClientSort = (typeof clientSorts)[number];

const money = (sum: string, where = "true"): string => `
  SELECT client_key AS owner_key, toFloat64(${sum}) AS number FROM revenue_converted
  WHERE ${where} AND client_key NOT IN {{moved}} GROUP BY owner_key
  UNION ALL
  SELECT {{owner client_key day}} AS owner_key, toFloat64(${sum}) AS number FROM revenue_converted
  WHERE ${where} AND client_key IN {{moved}} GROUP BY owner_key
  UNION ALL SELECT client_key, 0 FROM client_totals WHERE {{of_keys client_key}} AND client_key NOT IN {{moved}}`;

const times = (total: string, ofEvent: string): string => `
  SELECT client_key AS owner_key, toFloat64(ifNull(${total}, 0)) AS number FROM client_totals
  WHERE {{of_keys client_key}} AND client_key NOT IN {{moved}} GROUP BY owner_key
  UNION ALL
  SELECT {{owner client_key day}} AS owner_key, toFloat64(ifNull(${ofEvent}, 0)) AS number
  FROM (SELECT *, toDate(occurred_at, '{{timezone}}') AS day FROM events) WHERE client_key IN {{moved}} GROUP BY owner_key`;

const byKey: Record<ClientSort, { numbers: string; together: "sum" | "max" }> = {
  revenue_net: { numbers: money("sum(gross_here - returned_here)"), together: "sum" },
  revenue_365d: {
    numbers: money("sum(gross_here - returned_here)", "day > toDate(now('{{timezone}}')) - 365"),
    together: "sum",
  },
  orders: { numbers: money("sum(orders)"), together: "sum" },
  last_order: {
    numbers: times(
      "toUnixTimestamp64Milli(max(last_order))",
      "toUnixTimestamp64Milli(maxIf(toNullable(occurred_at), type = 'order.placed'))",
    ),
    together: "max",
  },
  last_activity: {
    numbers: times(
      "toUnixTimestamp64Milli(max(last_active_at))",
      "toUnixTimestamp64Milli(maxIf(toNullable(occurred_at), activity))",
    ),
    together: "max",
  },
  events: { numbers: times("sum(events)", "count()"), together: "sum" },
};

/**
 * Clients by one number alone, which reads a tenth of what the view `clients` does: a list is then one page of it, read
 * by keys. Columns: client_id, number (money, a count, or milliseconds since 1970).
 */
export function rankingQuery(sort: ClientSort, workspace: WarehouseSettings): string {
  const { numbers, together } = byKey[sort];
  return fill(
    `SELECT coalesce(nullIf(m.client_id, toUUID('00000000-0000-0000-0000-000000000000')), k.owner_key) AS client_id, ${together}(k.number) AS number
    FROM (${numbers}) AS k LEFT JOIN {{identity_map}} AS m ON m.key = k.owner_key GROUP BY client_id`,
    workspace,
  );
}
