/** What a workspace fixes in its tables: days and weeks are of this zone, sums are in this currency. */
export interface WarehouseSettings {
  timezone: string;
  currency: string;
}

const nobody = "toUUID('00000000-0000-0000-0000-000000000000')";

/**
 * Puts the workspace into the text of a migration or view, and what views about clients have in common:
 * `{{join_clients e}}` joins what says whose the rows of `e` (with client_key and occurred_at) are, `{{client_id e}}` is
 * that client. `{{join_clients e day}}` is for rows of a day. A key that the map does not know yet stands for itself.
 */
export function fill(text: string, workspace: WarehouseSettings): string {
  return fillWorkspace(fillPlaces(text, ofEverybody), workspace);
}

/**
 * The same text as a query about a few keys, read by primary key: who they are is not looked up but given, in parameters
 * of the query (see keyQueries.ts).
 * @param viewTexts queries of views by name, for views within the view
 * @param parts what the keys have, or could: without, the query is simpler, and ClickHouse takes longer to plan than to read
 */
export function fillForKeys(
  text: string,
  workspace: WarehouseSettings,
  viewTexts: ReadonlyMap<string, string>,
  { anybodyMoved, otherCurrencies }: { anybodyMoved: boolean; otherCurrencies: boolean },
): string {
  const places: Places = {
    ...ofGivenKeys,
    ...(anybodyMoved ? {} : { anybodyMoved, owner: (key: string) => key }),
    ...(otherCurrencies ? {} : { rates: noRates }),
    view: (name) => `(${fillPlaces(viewTexts.get(name)!, places)})`,
  };
  return fillWorkspace(fillPlaces(text, places), workspace);
}

function fillWorkspace(text: string, { timezone, currency }: WarehouseSettings): string {
  return text
    .replaceAll(
      /\{\{join_clients (\w+)( day)?\}\}/g,
      (_, rows: string, byDay?: string) =>
        `LEFT JOIN identity_map AS ${rows}_map ON ${rows}_map.key = ${rows}.client_key ` +
        `ASOF LEFT JOIN identity_moves AS ${rows}_moves ON ${rows}_moves.key = ${rows}.client_key ` +
        `AND ${rows}_moves.since <= ${byDay ? `${rows}.day` : `toDate(${rows}.occurred_at, '{{timezone}}')`}`,
    )
    .replaceAll(
      /\{\{client_id (\w+)\}\}/g,
      (_, rows: string) =>
        `multiIf(${rows}_moves.client_id != ${nobody}, ${rows}_moves.client_id, ` +
        `${rows}_map.client_id != ${nobody}, ${rows}_map.client_id, ${rows}.client_key)`,
    )
    .replaceAll("{{timezone}}", timezone)
    .replaceAll("{{currency}}", currency);
}

/** What stands at the places that differ between all clients and a few keys. */
interface Places {
  /** `{{view client_names}}`: another view. */
  view(name: string): string;
  /** `{{of_keys client_key}}`: which rows are read. */
  ofKeys(column: string): string;
  /** `{{identity_map}}`; `{{identity_map of SELECT …}}` where only a few keys are looked up. */
  map(of?: string): string;
  /** `{{client_of k.owner_key}}`: the client of a key now. */
  clientOf(key: string): string;
  /** `{{join_client_of k.owner_key}}`: what that needs in FROM; `{{join_client_of … of SELECT …}}` as above. */
  joinClientOf(key: string, of?: string): string;
  /** Whether `{{where anybody moved}} … {{end}}` is in the query. */
  anybodyMoved: boolean;
  /** `{{rates}}`: exchange rates into the workspace's currency, of currencies that anybody pays in. */
  rates: string;
  /** `{{moves}}`: as identity_moves. */
  moves: string;
  /** `{{moved}}`: keys of people who moved, after IN. */
  moved: string;
  /**
   * `{{owner client_key day}}`: the key that a row's sums go to: the row's own, to be mapped when it is summed, or for
   * people who moved the client of that day. It joins nothing, so that it may group millions of rows.
   */
  owner(key: string, day: string): string;
  /** `{{setting rate_days}}`: of profile_settings. */
  setting(name: string): string;
}

const mapOf = (of?: string): string =>
  of === undefined ? "identity_map" : `(SELECT key, contact_id, client_id FROM identity_map WHERE key IN (${of}))`;

const rates = `(SELECT toString(currency) AS currency, day, rate FROM rates_here
  WHERE currency IN (SELECT currency FROM revenue_daily WHERE currency != '{{currency}}' AND {{of_keys client_key}}))`;

const noRates = "(SELECT '' AS currency, toDate(0) AS day, CAST(0 AS Decimal(38, 12)) AS rate WHERE false)";

const ofEverybody: Places = {
  rates,
  anybodyMoved: true,
  clientOf: (key) => `coalesce(nullIf(m.client_id, ${nobody}), ${key})`,
  joinClientOf: (key, of) => `LEFT JOIN ${mapOf(of)} AS m ON m.key = ${key}`,
  view: (name) => name,
  ofKeys: (column) => `${column} != ${nobody}`,
  map: mapOf,
  moves: "identity_moves",
  moved: "(SELECT key FROM identity_moves)",
  owner: (key, day) =>
    `if(${key} IN (SELECT key FROM identity_moves), arrayFilter(era -> era.1 <= ${day}, ` +
    "(SELECT mapFromArrays(groupArray(key), groupArray(eras)) FROM " +
    `(SELECT key, arraySort(groupArray((since, client_id))) AS eras FROM identity_moves GROUP BY key))[${key}])[-1].2, ${key})`,
  setting: (name) => `(SELECT ${name} FROM profile_settings)`,
};

const settingTypes: Record<string, string> = { rate_days: "UInt32", trait_sources: "Array(String)" };
const givenMap = "arrayZip({map_keys: Array(UUID)}, {map_contacts: Array(UUID)}, {map_clients: Array(UUID)})";
const givenMoves = "arrayZip({move_keys: Array(UUID)}, {move_days: Array(Date)}, {move_clients: Array(UUID)})";
const rowsOf = (tuples: string, columns: readonly string[]): string =>
  `(SELECT ${columns.map((column, index) => `given.${index + 1} AS ${column}`).join(", ")} ` +
  `FROM (SELECT arrayJoin(${tuples}) AS given))`;

const ofGivenKeys: Omit<Places, "view"> = {
  rates,
  anybodyMoved: true,
  clientOf: (key) =>
    `coalesce(nullIf({map_clients: Array(UUID)}[indexOf({map_keys: Array(UUID)}, ${key})], ${nobody}), ${key})`,
  joinClientOf: () => "",
  ofKeys: (column) => `${column} IN {keys: Array(UUID)}`,
  map: () => rowsOf(givenMap, ["key", "contact_id", "client_id"]),
  moves: rowsOf(givenMoves, ["key", "since", "client_id"]),
  moved: "{move_keys: Array(UUID)}",
  owner: (key, day) =>
    `if(${key} IN {move_keys: Array(UUID)}, ` +
    `arraySort(arrayFilter(era -> era.1 = ${key} AND era.2 <= ${day}, ${givenMoves}))[-1].3, ${key})`,
  setting: (name) => `{${name}: ${settingTypes[name]}}`,
};

function fillPlaces(text: string, places: Places): string {
  return text
    .replaceAll(/\{\{view (\w+)\}\}/g, (_, name: string) => places.view(name))
    .replaceAll("{{rates}}", places.rates)
    .replaceAll(/\{\{where anybody moved\}\}(.*?)\{\{end\}\}/gs, (_, part: string) => (places.anybodyMoved ? part : ""))
    .replaceAll(/\{\{where other currencies\}\}(.*?)\{\{end\}\}/gs, (_, part: string) =>
      places.rates === noRates ? "" : part,
    )
    .replaceAll(/\{\{client_of ([\w.]+)\}\}/g, (_, key: string) => places.clientOf(key))
    .replaceAll(/\{\{join_client_of ([\w.]+)(?: of ([^{}]+))?\}\}/g, (_, key: string, of?: string) =>
      places.joinClientOf(key, of),
    )
    .replaceAll(/\{\{of_keys (\w+)\}\}/g, (_, column: string) => places.ofKeys(column))
    .replaceAll(/\{\{identity_map(?: of ([^{}]+))?\}\}/g, (_, of?: string) => places.map(of))
    .replaceAll("{{moves}}", places.moves)
    .replaceAll("{{moved}}", places.moved)
    .replaceAll(/\{\{owner (\w+) (\w+)\}\}/g, (_, key: string, day: string) => places.owner(key, day))
    .replaceAll(/\{\{setting (\w+)\}\}/g, (_, name: string) => places.setting(name));
}
