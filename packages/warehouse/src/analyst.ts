import { viewNames } from "./views.ts";

/** Lists of tables and columns as the SQL standard has them, with what they read; they show what the asker may see anyway. */
const standardViews = ["information_schema.*", "INFORMATION_SCHEMA.*", "system.parts"];

/**
 * What the analyst may read, as GRANT statements without TO: the views, and no table behind them. Views read with the
 * rights of who made them, so settings, secrets and bookkeeping stay out of reach.
 * @throws Error where the database's name is not plain
 */
export function analystGrants(database: string): string[] {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(database)) {
    throw new Error(`CLICKHOUSE_DATABASE must be lower-case letters, digits and underscores, but is "${database}".`);
  }
  return [...viewNames().map((view) => `${database}.${view}`), ...standardViews].map(
    (view) => `GRANT SELECT ON ${view}`,
  );
}
