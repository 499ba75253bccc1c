import type { ClickHouse } from "@keypulse/engines";
import {
  type ClientSort,
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
  const given = await readKeyParameters(clickhouse, ids);
  const rows = await ask<ListedClient>(
    `SELECT ${columns} FROM (${queryByKeys("clients", workspace, given)}) WHERE client_id IN {ids: Array(UUID)}`,
    { ...given, ids },
    1,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const last = page.at(-1)!;
  return {
    clients: ids.flatMap((client) => byId.get(client) ?? []),
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

const iso = (column: string): string =>
  `if(isNull(${column}), NULL, formatDateTime(${column}, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z') AS ${column}`;

const columns = `client_id AS id, name, account_id, owner, toUInt32(contacts) AS contacts, ${iso("last_activity")}, ${iso("last_order")},
  toUInt32(active_30d) AS active_30d, toUInt32(orders) AS orders, toFloat64(revenue_net) AS revenue_net,
  toFloat64(revenue_365d) AS revenue_365d, toFloat64(revenue_365d_before) AS revenue_365d_before, toUInt32(open_alerts) AS open_alerts`;
