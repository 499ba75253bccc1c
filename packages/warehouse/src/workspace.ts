/** What a workspace fixes in its tables: days and weeks are of this zone, sums are in this currency. */
export interface WarehouseSettings {
  timezone: string;
  currency: string;
}

const nobody = "toUUID('00000000-0000-0000-0000-000000000000')";

/** The keys of one question, a parameter of the query. */
const ofGivenKeys = "IN {keys: Array(UUID)}";

/**
 * Puts the workspace into the text of a migration or view, and what every view about clients has in common:
 * `{{join_clients e}}` joins what says whose the rows of `e` (with client_key and occurred_at) are, `{{client_id e}}` is
 * that client. `{{join_clients e day}}` is for rows of a day. A key that the map does not know yet stands for itself.
 *
 * `{{owner client_key day}}` is the key that a row's sums go to: the row's own, which is mapped later, or for people who
 * moved the client of that day. It joins nothing, so that it may group millions of rows.
 *
 * A view that reads many rows marks where they are filtered by leaf key: `{{of_keys client_key}}`, `{{identity_map}}`,
 * and `{{view client_names}}` for a view within. So the same text answers for all clients, as a view, or for a few keys
 * by primary key, as a query.
 *
 * @param viewTexts queries of views by name, where the text shall read the keys of the parameter `keys` alone
 */
export function fill(text: string, workspace: WarehouseSettings, viewTexts?: ReadonlyMap<string, string>): string {
  const map = viewTexts === undefined ? "identity_map" : `(SELECT * FROM identity_map WHERE key ${ofGivenKeys})`;
  const moves = viewTexts === undefined ? "identity_moves" : `(SELECT * FROM identity_moves WHERE key ${ofGivenKeys})`;
  return text
    .replaceAll(/\{\{view (\w+)\}\}/g, (_, name: string) =>
      viewTexts === undefined ? name : `(${fill(viewTexts.get(name)!, workspace, viewTexts)})`,
    )
    .replaceAll(/\{\{of_keys (\w+)\}\}/g, (_, column: string) =>
      viewTexts === undefined ? `${column} != ${nobody}` : `${column} ${ofGivenKeys}`,
    )
    .replaceAll("{{identity_map}}", map)
    .replaceAll(
      /\{\{owner (\w+) (\w+)\}\}/g,
      (_, key: string, day: string) =>
        `if(${key} IN (SELECT key FROM identity_moves), ` +
        `arrayFilter(era -> era.1 <= ${day}, (SELECT mapFromArrays(groupArray(key), groupArray(eras)) FROM ` +
        `(SELECT key, arraySort(groupArray((since, client_id))) AS eras FROM identity_moves GROUP BY key))[${key}])[-1].2, ${key})`,
    )
    .replaceAll(
      /\{\{join_clients (\w+)( day)?\}\}/g,
      (_, rows: string, byDay?: string) =>
        `LEFT JOIN ${map} AS ${rows}_map ON ${rows}_map.key = ${rows}.client_key ` +
        `ASOF LEFT JOIN ${moves} AS ${rows}_moves ON ${rows}_moves.key = ${rows}.client_key ` +
        `AND ${rows}_moves.since <= ${byDay ? `${rows}.day` : `toDate(${rows}.occurred_at, '{{timezone}}')`}`,
    )
    .replaceAll(
      /\{\{client_id (\w+)\}\}/g,
      (_, rows: string) =>
        `multiIf(${rows}_moves.client_id != ${nobody}, ${rows}_moves.client_id, ` +
        `${rows}_map.client_id != ${nobody}, ${rows}_map.client_id, ${rows}.client_key)`,
    )
    .replaceAll("{{timezone}}", workspace.timezone)
    .replaceAll("{{currency}}", workspace.currency);
}
