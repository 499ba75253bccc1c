import type { ClickHouse } from "@keypulse/engines";
import {
  type ClientSort,
  type KeyParameters,
  queryByKeys,
  rankingQuery,
  readKeyParameters,
  type WarehouseSettings,
} from "@keypulse/warehouse";
import type { ListedClient } from "./clientAnswers.ts";

export interface ListQuery {
  search?: string | undefined;
  sort: ClientSort;
  limit: number;
  /** `next` of the page before. */
  after?: string | undefined;
}

/** number_id of the last client of a page. */
export const listCursor = /^-?[0-9.e+-]{1,40}_[0-9a-f-]{36}$/;
const mostFound = 10_000;

/** A page of clients: ranked by one number over all of them, then read by the keys of those on the page. */
export async function listClients(
  clickhouse: ClickHouse,
  workspace: WarehouseSettings,
  { search, sort, limit, after }: ListQuery,
): Promise<{ clients: ListedClient[]; next: string | null }> {
  const ask = async <T>(query: string, query_params: object, threads?: number): Promise<T[]> => {
    const result = await clickhouse.query({
      query,
      query_params: query_params as Record<string, unknown>,
      format: "JSONEachRow",
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 0,
        output_format_json_quote_decimals: 0,
        ...(threads === undefined ? {} : { max_threads: threads }),
      },
    });
    return await result.json<T>();
  };
  const [number, id] = after?.split("_") ?? [];
  const conditions = [
    ...(search ? [`client_id IN (${found})`] : []),
    ...(after ? ["(number < {number: Float64} OR (number = {number: Float64} AND client_id > {id: UUID}))"] : []),
  ];
  const ranked = await ask<{ client_id: string; number: number }>(
    `SELECT client_id, number FROM (${rankingQuery(sort, workspace)})
     ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
     ORDER BY number DESC, client_id LIMIT {limit: UInt32}`,
    { search: search?.trim() ?? "", number: Number(number ?? 0), id, limit: limit + 1 },
  );
  const page = ranked.slice(0, limit);
  const ids = page.map(({ client_id }) => client_id);
  if (ids.length === 0) return { clients: [], next: null };
  const byId = await readRows(ask, workspace, await readKeyParameters(clickhouse, ids));
  const last = page.at(-1)!;
  return {
    clients: ids.map((client) => byId(client)),
    next: ranked.length > limit ? `${last.number}_${last.client_id}` : null,
  };
}

/** Clients of which a name, an identifier or the id itself has the words, in any case. */
const found = `
  SELECT coalesce(nullIf(m.client_id, toUUID('00000000-0000-0000-0000-000000000000')), f.key)
  FROM (
    SELECT key FROM identifiers WHERE positionCaseInsensitiveUTF8(value, {search: String}) > 0 LIMIT ${mostFound}
    UNION DISTINCT
    SELECT subject_key FROM client_traits WHERE trait = 'name' AND positionCaseInsensitiveUTF8(JSONExtractString(value), {search: String}) > 0 LIMIT ${mostFound}
    UNION DISTINCT
    SELECT subject_key FROM written_fields WHERE field = 'name' AND positionCaseInsensitiveUTF8(JSONExtractString(value), {search: String}) > 0 LIMIT ${mostFound}
    UNION DISTINCT
    SELECT toUUIDOrZero({search: String})
  ) AS f
  LEFT JOIN identity_map AS m ON m.key = f.key`;

type Ask = <T>(query: string, query_params: object, threads?: number) => Promise<T[]>;

interface Sums {
  owner_key: string;
  last_activity: string | null;
  last_order: string | null;
  active_30d: number;
  orders: number;
  revenue_net: number;
  revenue_365d: number;
  revenue_365d_before: number;
}

/** What a list shows, in small questions side by side: one that joins them all takes longer to plan than to answer. */
async function readRows(
  ask: Ask,
  workspace: WarehouseSettings,
  given: KeyParameters,
): Promise<(id: string) => ListedClient> {
  const about = <T>(view: string, select: string) =>
    ask<T>(`SELECT ${select} FROM (${queryByKeys(view, workspace, given)})`, given, 1);
  const [totals, recent, revenue, labels, said, alerts] = await Promise.all([
    about<Partial<Sums>>("totals_by_key", `owner_key, ${iso("last_active_at", "last_activity")}, ${iso("last_order")}`),
    about<Partial<Sums>>("recent_by_key", "owner_key, toUInt32(active_30d) AS active_30d"),
    about<Partial<Sums>>("revenue_by_key", revenueColumns),
    about<{ client_id: string; account_id: string; label: string; contacts: number }>(
      "client_labels",
      "client_id, account_id, label, toUInt32(contacts) AS contacts",
    ),
    about<{ client_id: string; name: string; owner: string }>("client_said", "client_id, name, owner"),
    ask<{ owner_key: string; open_alerts: number }>(openAlerts, given, 1),
  ]);
  const clientOf = new Map(given.map_keys.map((key, index) => [key, given.map_clients[index]!]));
  const byClient = <T extends { owner_key?: string }>(rows: readonly T[]) =>
    Map.groupBy(rows, ({ owner_key = "" }) => clientOf.get(owner_key) ?? owner_key);
  const sums = byClient([...totals, ...recent, ...revenue]);
  const alertsOf = byClient(alerts);
  const [labelOf, saidOf] = [labels, said].map((rows) => new Map(rows.map((row) => [row.client_id, row]))) as [
    Map<string, (typeof labels)[number]>,
    Map<string, (typeof said)[number]>,
  ];
  return (id) => {
    const rows = sums.get(id) ?? [];
    const sum = (name: "active_30d" | "orders" | "revenue_net" | "revenue_365d" | "revenue_365d_before"): number =>
      Number(rows.reduce((total, row) => total + (row[name] ?? 0), 0).toFixed(4));
    const latest = (name: "last_activity" | "last_order"): string | null =>
      rows
        .map((row) => row[name] ?? "")
        .toSorted()
        .at(-1) || null;
    const label = labelOf.get(id);
    return {
      id,
      name: saidOf.get(id)?.name || label?.label || "",
      account_id: label?.account_id ?? "",
      owner: saidOf.get(id)?.owner ?? "",
      contacts: label?.contacts ?? 0,
      last_activity: latest("last_activity"),
      last_order: latest("last_order"),
      active_30d: sum("active_30d"),
      orders: sum("orders"),
      revenue_net: sum("revenue_net"),
      revenue_365d: sum("revenue_365d"),
      revenue_365d_before: sum("revenue_365d_before"),
      open_alerts: (alertsOf.get(id) ?? []).reduce((total, { open_alerts }) => total + open_alerts, 0),
    };
  };
}

const iso = (column: string, as = column): string =>
  `if(isNull(${column}), NULL, formatDateTime(${column}, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z') AS ${as}`;

const revenueColumns = `owner_key, toUInt32(orders) AS orders, ${["revenue_net", "revenue_365d", "revenue_365d_before"]
  .map((name) => `toFloat64(${name}) AS ${name}`)
  .join(", ")}`;

const openAlerts = `SELECT owner_key, toUInt32(count()) AS open_alerts FROM (
    SELECT id, any(client_id) AS owner_key FROM alerts WHERE client_id IN {keys: Array(UUID)} GROUP BY id
    HAVING argMax(state, version) = 'open')
  GROUP BY owner_key`;
