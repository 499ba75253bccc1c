import type { ClickHouse, ClickHouseReader } from "@keypulse/engines";
import { type ClientSort, rankingQuery, rankingSettings } from "@keypulse/warehouse";
import { describeListed, rowsByClient } from "../domain/dossier.ts";
import { dayNow } from "../domain/timeText.ts";
import { askByKeys } from "./askByKeys.ts";
import type { ListedClient } from "./clientAnswers.ts";
import { readOwners } from "./clientOwners.ts";
import { ClientRows } from "./clientRows.ts";
import type { ProfileSettings } from "./profileSettings.ts";

export interface ListQuery {
  search?: string | undefined;
  sort: ClientSort;
  limit: number;
  /** `next` of the page before. */
  after?: string | undefined;
}

/** number_id of the last client of a page; "none" where it has no such number. */
export const listCursor = /^(-?[0-9.e+-]{1,40}|none)_[0-9a-f-]{36}$/;
const mostFound = 10_000;

interface Ranked {
  client_id: string;
  number: number | null;
}

/** A page of clients: ranked by one number over all of them, then read by the keys of those on the page. */
export async function listClients(
  stores: { clickhouse: ClickHouse; reader: ClickHouseReader },
  settings: ProfileSettings,
  { search, sort, limit, after }: ListQuery,
): Promise<{ clients: ListedClient[]; next: string | null }> {
  const found = search?.trim() ? await findClients(stores.clickhouse, search.trim()) : undefined;
  if (found?.length === 0) return { clients: [], next: null };
  const ranked = await rank(stores, settings, { sort, limit: limit + 1, after, found });
  const page = ranked.slice(0, limit);
  if (page.length === 0) return { clients: [], next: null };
  const last = page.at(-1)!;
  return {
    clients: await describe(
      stores.reader,
      page.map(({ client_id }) => client_id),
      settings,
    ),
    next: ranked.length > limit ? `${last.number ?? "none"}_${last.client_id}` : null,
  };
}

/** Those with the number first, the largest leading; then those without, which are looked for only when it comes to them. */
async function rank(
  { clickhouse, reader }: { clickhouse: ClickHouse; reader: ClickHouseReader },
  settings: ProfileSettings,
  {
    sort,
    limit,
    after,
    found,
  }: { sort: ClientSort; limit: number; after?: string | undefined; found: string[] | undefined },
): Promise<Ranked[]> {
  const ask = async (query: string, parameters: object): Promise<Ranked[]> => {
    const result = await clickhouse.query({
      query,
      query_params: { ...parameters },
      format: "JSONEachRow",
      clickhouse_settings: { max_query_size: "100000000", ...rankingSettings },
    });
    return await result.json<Ranked>();
  };
  const [number, id] = after?.split("_") ?? [];
  const facts = askByKeys(reader);
  const [moved, currencies] = await Promise.all([
    facts("SELECT 1 FROM identity_keys WHERE notEmpty(eras) LIMIT 1"),
    sort === "revenue_net" || sort === "revenue_365d"
      ? facts<{ currency: string }>(
          `SELECT DISTINCT toString(currency) AS currency FROM revenue_daily WHERE currency != '${settings.currency}'`,
        )
      : [],
  ]);
  const rates = currencies.flatMap(({ currency }) => settings.rates.daily(currency) ?? []);
  const whose = { among: found, hasMoved: moved.length > 0, rates };
  const ranking = rankingQuery(sort, settings, whose);
  const withNumber =
    number === "none"
      ? []
      : await ask(
          `SELECT client_id, number FROM (${ranking})
           ${after === undefined ? "" : "WHERE number < {number: Float64} OR (number = {number: Float64} AND client_id > {id: UUID})"}
           ORDER BY number DESC, client_id LIMIT {limit: UInt32}`,
          { number: Number(number ?? 0), id: id ?? "", limit },
        );
  if (withNumber.length === limit) return withNumber;
  const without = await ask(
    `SELECT client_id, NULL AS number FROM (${rankingQuery("events", settings, whose)})
     WHERE client_id NOT IN (SELECT client_id FROM (${ranking})) ${number === "none" ? "AND client_id > {id: UUID}" : ""}
     ORDER BY client_id LIMIT {limit: UInt32}`,
    { id: id ?? "", limit: limit - withNumber.length },
  );
  return [...withNumber, ...without];
}

/** Clients of which a name, an identifier or the id itself has the words, in any case. */
async function findClients(clickhouse: ClickHouse, words: string): Promise<string[]> {
  const result = await clickhouse.query({
    query: `
      SELECT DISTINCT coalesce(nullIf(m.client_id, toUUID('00000000-0000-0000-0000-000000000000')), f.key) AS id
      FROM (
        SELECT key FROM identifiers WHERE positionCaseInsensitiveUTF8(value, {words: String}) > 0 LIMIT ${mostFound}
        UNION DISTINCT
        SELECT subject_key FROM client_traits WHERE trait = 'name' AND positionCaseInsensitiveUTF8(JSONExtractString(value), {words: String}) > 0 LIMIT ${mostFound}
        UNION DISTINCT
        SELECT subject_key FROM written_fields WHERE field = 'name' AND positionCaseInsensitiveUTF8(JSONExtractString(value), {words: String}) > 0 LIMIT ${mostFound}
        UNION DISTINCT
        SELECT toUUIDOrZero({words: String})
      ) AS f
      LEFT JOIN identity_map AS m ON m.key = f.key`,
    query_params: { words },
    format: "JSONEachRow",
  });
  const nobody = "00000000-0000-0000-0000-000000000000";
  return (await result.json<{ id: string }>()).map(({ id }) => id).filter((id) => id !== nobody);
}

/** Reads what the list shows of some clients. */
async function describe(
  reader: ClickHouseReader,
  ids: readonly string[],
  settings: ProfileSettings,
): Promise<ListedClient[]> {
  const { timezone, currency } = settings;
  const owners = await readOwners(reader, ids, timezone);
  const rows = new ClientRows(reader, owners, timezone);
  const today = dayNow(timezone);
  const [totals, activity, revenue, identifiers, said, alerts] = await Promise.all([
    rows.latest(),
    rows.recentActivity(today),
    rows.revenue(currency, today),
    rows.identifiers(),
    rows.said(),
    rows.openAlerts(),
  ]);
  const rowsOf = rowsByClient(owners, { totals, activity, revenue, identifiers, said, alerts });
  return ids.map((id) => describeListed(id, owners, rowsOf(id), settings, today));
}
