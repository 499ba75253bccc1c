/** What a workspace fixes in its tables: days and weeks are of this zone, sums are in this currency. */
export interface WarehouseSettings {
  timezone: string;
  currency: string;
}

/** Puts the workspace into the text of a migration or view. */
export function fill(text: string, workspace: WarehouseSettings): string {
  return text.replaceAll("{{timezone}}", workspace.timezone).replaceAll("{{currency}}", workspace.currency);
}
