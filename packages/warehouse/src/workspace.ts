/** What a workspace fixes in its tables: days and weeks are of this zone, sums are in this currency. */
export interface WarehouseSettings {
  timezone: string;
  currency: string;
}

const nobody = "toUUID('00000000-0000-0000-0000-000000000000')";

/**
 * Puts the workspace into the text of a migration or view, and what every view about clients has in common:
 * `{{join_clients e}}` joins what says whose the rows of `e` (with client_key and occurred_at) are, `{{client_id e}}` is
 * that client. `{{join_clients e day}}` is for rows of a day. A key that the map does not know yet stands for itself.
 */
export function fill(text: string, workspace: WarehouseSettings): string {
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
    .replaceAll("{{timezone}}", workspace.timezone)
    .replaceAll("{{currency}}", workspace.currency);
}
