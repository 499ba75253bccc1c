/** What a workspace fixes in its tables: days and weeks are of this zone, sums are in this currency. */
export interface WarehouseSettings {
  timezone: string;
  currency: string;
}

const nobody = "toUUID('00000000-0000-0000-0000-000000000000')";

/** Only keys that are looked up are mapped, where they are few: the whole map costs more than the rest. */
const mapOf = (keys?: string): string =>
  keys === undefined ? "identity_map" : `(SELECT key, contact_id, client_id FROM identity_map WHERE key IN (${keys}))`;

/** Eras of people who moved, as a map from key to days and clients, looked up only for keys that have any. */
const owner = (key: string, day: string): string =>
  `if(${key} IN (SELECT key FROM identity_moves), arrayFilter(era -> era.1 <= ${day}, ` +
  "(SELECT mapFromArrays(groupArray(key), groupArray(eras)) FROM " +
  `(SELECT key, arraySort(groupArray((since, client_id))) AS eras FROM identity_moves GROUP BY key))[${key}])[-1].2, ${key})`;

const rates = `(SELECT toString(currency) AS currency, day, rate FROM rates_here
  WHERE currency IN (SELECT currency FROM revenue_daily WHERE currency != '{{currency}}'))`;

/**
 * Puts the workspace into the text of a migration or view, and what views about clients have in common:
 *
 * - `{{join_clients e}}` joins what says whose the rows of `e` (with client_key and occurred_at) are, `{{client_id e}}` is
 *   that client. `{{join_clients e day}}` is for rows of a day. A key that the map does not know yet stands for itself.
 * - `{{owner client_key day}}` is the key that a row's sums go to: the row's own, to be mapped when it is summed, or for
 *   people who moved the client of that day. It joins nothing, so that it may group millions of rows.
 * - `{{client_of k.owner_key}}` is the client of such a key, with `{{join_client_of k.owner_key}}` in FROM; `{{join_client_of
 *   k.owner_key of SELECT …}}` where those keys are few.
 * - `{{identity_map of SELECT …}}` is the map of a few keys, `{{rates}}` are the exchange rates of currencies that anybody
 *   pays in, `{{is_known client_key}}` leaves out rows of nobody.
 */
export function fill(text: string, { timezone, currency }: WarehouseSettings): string {
  return text
    .replaceAll("{{rates}}", rates)
    .replaceAll(/\{\{identity_map of ([^{}]+)\}\}/g, (_, keys: string) => mapOf(keys))
    .replaceAll(/\{\{client_of ([\w.]+)\}\}/g, (_, key: string) => `coalesce(nullIf(m.client_id, ${nobody}), ${key})`)
    .replaceAll(
      /\{\{join_client_of ([\w.]+)(?: of ([^{}]+))?\}\}/g,
      (_, key: string, keys?: string) => `LEFT JOIN ${mapOf(keys)} AS m ON m.key = ${key}`,
    )
    .replaceAll(/\{\{is_known (\w+)\}\}/g, (_, column: string) => `${column} != ${nobody}`)
    .replaceAll(/\{\{owner (\w+) (\w+)\}\}/g, (_, key: string, day: string) => owner(key, day))
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
