import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouse, ClickHouseSettings } from "@keypulse/engines";
import { connectClickHouse } from "@keypulse/engines";
import { type Cluster, clusterOf, copyTables, createDistributedTables, localName, onLocalTables } from "./cluster.ts";
import { readMigrations, tablesOf } from "./migrationFiles.ts";
import { applyRetention, type Retention } from "./retention.ts";
import { connectNodes, type Node } from "./shards.ts";
import { applyViews } from "./views.ts";
import type { WarehouseSettings } from "./workspace.ts";

export interface MigrationReport {
  applied: string[];
  views: number;
}

/**
 * Creates the database and applies what is missing, under a lock, so that services may all call it at once.
 * A numbered file is applied once and must not change afterwards; views are replaced when their text changed.
 * @param retention how long data is kept; undefined leaves that as it is
 * @throws Error where an applied file was changed, or the workspace's zone or currency differs from the stored one.
 */
export async function migrate(
  settings: ClickHouseSettings,
  workspace: WarehouseSettings,
  retention?: Retention,
): Promise<MigrationReport> {
  const cluster = clusterOf(settings);
  for (const url of cluster?.nodes ?? [settings.CLICKHOUSE_URL]) {
    const root = connectClickHouse({ ...settings, CLICKHOUSE_URL: url }, "keypulse-migrate", { database: false });
    try {
      await root.command({ query: `CREATE DATABASE IF NOT EXISTS ${settings.CLICKHOUSE_DATABASE}` });
    } finally {
      await root.close();
    }
  }
  const nodes = await connectNodes(settings, "keypulse-migrate");
  try {
    return await withLock(nodes[0]!.clickhouse, async () => {
      const tables: string[] = [];
      for (const node of nodes) tables.push(...(await applyTables(node, workspace, cluster)));
      // Views ask all shards, also while they are made.
      const views: number[] = [];
      for (const { clickhouse } of nodes) {
        const applied = await readApplied(clickhouse);
        views.push(await applyViews(clickhouse, workspace, applied.checksums, applied.record));
      }
      for (const { clickhouse } of retention === undefined ? [] : nodes.filter((node) => node.first === node)) {
        await applyRetention(clickhouse, retention!, cluster === undefined ? (table) => table : localName);
      }
      return { applied: [...new Set(tables)], views: Math.max(...views) };
    });
  } finally {
    await Promise.all(nodes.map(({ clickhouse }) => clickhouse.close()));
  }
}

/** What was applied on a server before. */
interface Applied {
  checksums: ReadonlyMap<string, string>;
  record(name: string, checksum: string): Promise<void>;
}

async function readApplied(clickhouse: ClickHouse): Promise<Applied> {
  await clickhouse.command({
    query: `CREATE TABLE IF NOT EXISTS schema_migrations
      (name String COMMENT 'File', checksum String COMMENT 'SHA-256 of its text', applied_at DateTime64(3, 'UTC') DEFAULT now64() COMMENT 'When')
      ENGINE = MergeTree ORDER BY name COMMENT 'Applied migrations'`,
  });
  const known = await clickhouse.query({
    query: "SELECT name, checksum FROM schema_migrations",
    format: "JSONEachRow",
  });
  return {
    checksums: new Map((await known.json<{ name: string; checksum: string }>()).map((row) => [row.name, row.checksum])),
    record: async (name, checksum) => {
      await clickhouse.insert({ table: "schema_migrations", values: [{ name, checksum }], format: "JSONEachRow" });
    },
  };
}

/** @returns names of the files that were applied on this server */
async function applyTables(node: Node, workspace: WarehouseSettings, cluster: Cluster | undefined): Promise<string[]> {
  const { clickhouse } = node;
  const { checksums, record } = await readApplied(clickhouse);
  const fixed = JSON.stringify(workspace);
  if (!checksums.has("workspace")) await record("workspace", fixed);
  else if (checksums.get("workspace") !== fixed) {
    throw new Error(
      `This database was made for the workspace ${checksums.get("workspace")}, the settings now say ${fixed}. ` +
        "Days and sums are stored by these: set WORKSPACE_TIMEZONE and WORKSPACE_CURRENCY back, or use another CLICKHOUSE_DATABASE.",
    );
  }

  const migrations = await readMigrations(workspace);
  const missing = migrations.filter(
    ({ name, checksum, formerly }) => ![checksum, ...formerly].includes(checksums.get(name) ?? ""),
  );
  const isFirst = node.first === node;
  for (const { name, checksum, statements } of missing) {
    if (checksums.has(name)) {
      throw new Error(`Migration ${name} was changed after it had been applied: write a new numbered file instead.`);
    }
    // Another replica takes the tables over as the first one of its shard made them.
    if (!isFirst) continue;
    for (const statement of statements) {
      await clickhouse.command({
        query: cluster === undefined ? statement : onLocalTables(statement, tablesOf(migrations), cluster),
        ...(cluster?.replicated && { clickhouse_settings: { alter_sync: "2" } }),
      });
    }
    await record(name, checksum);
  }
  if (cluster !== undefined && missing.length > 0) {
    if (!isFirst) await copyTables(node.first.clickhouse, clickhouse);
    await createDistributedTables(clickhouse, cluster);
    if (!isFirst) for (const { name, checksum } of missing) await record(name, checksum);
  }
  return missing.map(({ name }) => name);
}

/**
 * ClickHouse has no advisory locks, but CREATE TABLE of a name succeeds once: that is the lock. A lock that is older
 * than two minutes was left by a crash and is broken.
 */
async function withLock<T>(clickhouse: ClickHouse, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await clickhouse.command({ query: "CREATE TABLE schema_lock (held UInt8) ENGINE = Memory" });
      break;
    } catch (error) {
      if ((error as { code?: string }).code !== "57") throw error;
      const age = await clickhouse.query({
        query: `SELECT dateDiff('second', metadata_modification_time, now()) AS seconds FROM system.tables
          WHERE database = currentDatabase() AND name = 'schema_lock'`,
        format: "JSONEachRow",
      });
      const [row] = await age.json<{ seconds: number }>();
      if (row !== undefined && Number(row.seconds) > 120)
        await clickhouse.command({ query: "DROP TABLE IF EXISTS schema_lock SYNC" });
      await sleep(200);
    }
  }
  try {
    return await work();
  } finally {
    await clickhouse.command({ query: "DROP TABLE IF EXISTS schema_lock SYNC" });
  }
}
