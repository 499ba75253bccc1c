import { viewNames } from "./views.ts";

/**
 * What the analyst may read, as GRANT statements without TO: the views, and no table behind them. Views read with the
 * rights of who made them, so settings, secrets and bookkeeping stay out of reach.
 * @throws Error where the database's name is not plain
 */
export function analystGrants(database: string): string[] {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(database)) {
    throw new Error(`CLICKHOUSE_DATABASE must be lower-case letters, digits and underscores, but is "${database}".`);
  }
  return viewNames().map((view) => `GRANT SELECT ON ${database}.${view}`);
}
