import type { ClickHouse, ClickHouseSettings } from "@keypulse/engines";

/** ClickHouse as more than one server. */
export interface Cluster {
  /** Its name in the servers' remote_servers. */
  name: string;
  /** URLs of all its servers. */
  nodes: readonly string[];
  replicated: boolean;
  database: string;
}

/** @returns undefined where ClickHouse is one server. @throws Error where the settings contradict each other */
export function clusterOf(settings: ClickHouseSettings): Cluster | undefined {
  const { CLICKHOUSE_CLUSTER: name, CLICKHOUSE_NODES: nodes = [], CLICKHOUSE_REPLICATED: replicated } = settings;
  if (name === undefined) {
    if (nodes.length === 0 && !replicated) return undefined;
    throw new Error(
      "CLICKHOUSE_NODES and CLICKHOUSE_REPLICATED are for a cluster: set CLICKHOUSE_CLUSTER to its name.",
    );
  }
  if (nodes.length > 0) {
    return { name, nodes, replicated: replicated ?? false, database: settings.CLICKHOUSE_DATABASE };
  }
  throw new Error(`CLICKHOUSE_NODES must list the URLs of all servers of the cluster ${name}, with commas between.`);
}

/** A table's rows on one server; the plain name stands for those of all servers. */
export const localName = (table: string): string => `${table}_local`;

/**
 * By what rows of events, and of what is fed from them, are spread over shards. All rows of a client's key are on one
 * shard, so that views which feed other tables stay on it. Tables that are not here are small and looked up by many
 * columns: they are on the first shard alone.
 */
const shardingKeys: Readonly<Record<string, string>> = {
  events: "cityHash64(client_key)",
  activity_daily: "cityHash64(client_key)",
  revenue_daily: "cityHash64(client_key)",
  order_messages: "cityHash64(client_key)",
  order_payers: "cityHash64(order_id)",
  // All versions of an order on one shard, in the copy by client as well: there the newest replaces the others.
  order_documents: "cityHash64(source, order_id)",
  client_orders: "cityHash64(source, order_id)",
  client_totals: "cityHash64(client_key)",
  client_traits: "cityHash64(subject_key)",
  source_hourly: "cityHash64(source)",
  rejected_events: "offset",
  duplicate_events: "offset",
};

const firstShard = "0";

/** Makes a migration's statement one about the tables of the server that it is run on. */
export function onLocalTables(statement: string, tables: readonly string[], cluster: Cluster): string {
  const names = new RegExp(`\\b(TABLE (?:IF (?:NOT )?EXISTS )?|INTO |FROM |TO )(${tables.join("|")})\\b`, "g");
  const local = statement.replaceAll(names, (_, before: string, table: string) => `${before}${localName(table)}`);
  const created = /CREATE TABLE (?:IF NOT EXISTS )?(\w+)/.exec(local)?.[1];
  if (!cluster.replicated || created === undefined) return local;
  return local
    .replace(/ENGINE = (\w*MergeTree)(?:\((.*?)\))?/, (_, engine: string, more?: string) => {
      const place = `'/clickhouse/tables/{shard}/${cluster.database}/${created}', '{replica}'`;
      return `ENGINE = Replicated${engine}(${place}${more === undefined ? "" : `, ${more}`})`;
    })
    .replace(
      // Tokens are kept for a week: a range may be stored again when its worker comes back.
      /non_replicated_deduplication_window = (\d+)/,
      "replicated_deduplication_window = $1, replicated_deduplication_window_seconds = 604800",
    );
}

/** Makes the tables that stand for the rows of all shards, or makes them anew when columns were added. */
export async function createDistributedTables(clickhouse: ClickHouse, cluster: Cluster): Promise<void> {
  const result = await clickhouse.query({
    query: `SELECT name, comment FROM system.tables
      WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name LIKE '%\\_local'`,
    format: "JSONEachRow",
  });
  for (const { name, comment } of await result.json<{ name: string; comment: string }>()) {
    const table = name.replace(/_local$/, "");
    const text = comment.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
    await clickhouse.command({
      query: `CREATE OR REPLACE TABLE ${table} AS ${name}
        ENGINE = Distributed('${cluster.name}', currentDatabase(), '${name}', ${shardingKeys[table] ?? firstShard})
        COMMENT '${text}'`,
    });
  }
}

/**
 * Makes on another replica of a shard what its first one has: tables as they are now, since ClickHouse takes no other
 * columns for a new replica.
 */
export async function copyTables(from: ClickHouse, to: ClickHouse): Promise<void> {
  const tablesOf = async (clickhouse: ClickHouse) => {
    const result = await clickhouse.query({
      query: `SELECT name, engine, create_table_query AS text FROM system.tables WHERE database = currentDatabase()
        AND (engine LIKE 'Replicated%' OR engine = 'MaterializedView') ORDER BY engine = 'MaterializedView', name`,
      format: "JSONEachRow",
    });
    return await result.json<{ name: string; engine: string; text: string }>();
  };
  const present = new Map((await tablesOf(to)).map(({ name, text }) => [name, text]));
  for (const { name, engine, text } of await tablesOf(from)) {
    const changed = engine === "MaterializedView" && present.has(name) && present.get(name) !== text;
    if (changed) await to.command({ query: `DROP VIEW ${name} SYNC` });
    if (changed || !present.has(name)) await to.command({ query: text });
  }
}
