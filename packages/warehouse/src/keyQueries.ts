import { readdirSync, readFileSync } from "node:fs";
import type { ClickHouse } from "@keypulse/engines";
import { keysOfClients } from "./clientKeys.ts";
import { fillForKeys, type WarehouseSettings } from "./workspace.ts";

const folder = new URL("../views/", import.meta.url);

/**
 * The view as a query that reads the rows of a few leaf keys alone, by primary key: milliseconds where the view reads
 * everybody's. Its parameters come of `readKeyParameters`. Other clients may be in the answer in part, because a person
 * who moved belonged to several: filter by client_id.
 */
export function queryByKeys(view: string, workspace: WarehouseSettings, parameters: KeyParameters): string {
  const text = viewTexts().get(view);
  if (text === undefined) throw new Error(`There is no view ${view}`);
  return fillForKeys(text, workspace, viewTexts(), {
    anybodyMoved: parameters.move_keys.length > 0,
    otherCurrencies: parameters.currencies.some((currency) => currency !== workspace.currency),
  });
}

let texts: ReadonlyMap<string, string> | undefined;
function viewTexts(): ReadonlyMap<string, string> {
  texts ??= new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith(".sql"))
      .map((file) => [
        file.replace(/^\d+_|\.sql$/g, ""),
        readFileSync(new URL(file, folder), "utf8").replaceAll(/^--.*\n/gm, ""),
      ]),
  );
  return texts;
}

/** What a query by keys has to be given: who the keys are, now and by day, and the settings of profiles. */
export interface KeyParameters {
  keys: string[];
  map_keys: string[];
  map_contacts: string[];
  map_clients: string[];
  move_keys: string[];
  move_days: string[];
  move_clients: string[];
  rate_days: number;
  trait_sources: string[];
  /** Of their orders. */
  currencies: string[];
  /** Events about invoices. */
  invoices: number;
}

/** @param clientIds ids as the map has them now */
export async function readKeyParameters(clickhouse: ClickHouse, clientIds: readonly string[]): Promise<KeyParameters> {
  const ask = async <T>(query: string): Promise<T[]> => {
    const result = await clickhouse.query({ query, format: "JSONEachRow", clickhouse_settings: { max_threads: 1 } });
    return await result.json<T>();
  };
  // Ids come of the database or were checked to be UUIDs.
  const ids = clientIds.map((id) => `'${id.replaceAll(/[^0-9a-f-]/g, "")}'`).join(", ");
  const [settings, found] = await Promise.all([
    ask<{ rate_days: number; trait_sources: string[] }>(
      "SELECT toUInt32(rate_days) AS rate_days, trait_sources FROM profile_settings",
    ),
    ask<{ key: string }>(`SELECT DISTINCT key FROM ${keysOfClients(ids)}`),
  ]);
  const keys = [...new Set([...clientIds, ...found.map(({ key }) => key)])];
  const list = keys.map((key) => `'${key}'`).join(", ");
  const [map, moves, [money], [bills]] = await Promise.all([
    ask<{ key: string; contact_id: string; client_id: string }>(
      `SELECT key, contact_id, client_id FROM identity_map WHERE key IN (${list})`,
    ),
    ask<{ key: string; since: string; client_id: string }>(
      `SELECT key, since, client_id FROM identity_moves WHERE key IN (${list})`,
    ),
    ask<{ currencies: string[] }>(
      `SELECT groupUniqArray(toString(currency)) AS currencies FROM revenue_daily WHERE client_key IN (${list})`,
    ),
    ask<{ invoices: number }>(
      `SELECT toUInt32(sum(events)) AS invoices FROM activity_daily WHERE client_key IN (${list}) AND type LIKE 'invoice.%'`,
    ),
  ]);
  return {
    keys,
    map_keys: map.map(({ key }) => key),
    map_contacts: map.map(({ contact_id }) => contact_id),
    map_clients: map.map(({ client_id }) => client_id),
    move_keys: moves.map(({ key }) => key),
    move_days: moves.map(({ since }) => since),
    move_clients: moves.map(({ client_id }) => client_id),
    rate_days: settings[0]!.rate_days,
    trait_sources: settings[0]!.trait_sources,
    currencies: money!.currencies,
    invoices: bills!.invoices,
  };
}

/** What the database was made for. @throws Error where it holds no tables yet */
export async function readWorkspace(clickhouse: ClickHouse): Promise<WarehouseSettings> {
  const result = await clickhouse.query({
    query: "SELECT checksum FROM schema_migrations WHERE name = 'workspace'",
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ checksum: string }>();
  if (row === undefined) throw new Error("ClickHouse has no tables of Keypulse's yet: npm start makes them");
  return JSON.parse(row.checksum) as WarehouseSettings;
}
