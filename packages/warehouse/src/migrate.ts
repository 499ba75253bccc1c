import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouse, ClickHouseSettings } from "@keypulse/engines";
import { connectClickHouse } from "@keypulse/engines";
import { applyRetention, type Retention } from "./retention.ts";
import { applyViews } from "./views.ts";
import { fill, type WarehouseSettings } from "./workspace.ts";

export interface MigrationReport {
  applied: string[];
  views: number;
}

const folder = new URL("../migrations/", import.meta.url);

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
  const root = connectClickHouse(settings, "keypulse-migrate", { database: false });
  try {
    await root.command({ query: `CREATE DATABASE IF NOT EXISTS ${settings.CLICKHOUSE_DATABASE}` });
  } finally {
    await root.close();
  }
  const clickhouse = connectClickHouse(settings, "keypulse-migrate");
  try {
    await clickhouse.command({
      query: `CREATE TABLE IF NOT EXISTS schema_migrations
        (name String COMMENT 'File', checksum String COMMENT 'SHA-256 of its text', applied_at DateTime64(3, 'UTC') DEFAULT now64() COMMENT 'When')
        ENGINE = MergeTree ORDER BY name COMMENT 'Applied migrations'`,
    });
    return await withLock(clickhouse, async () => {
      const report = await applyAll(clickhouse, workspace);
      if (retention !== undefined) await applyRetention(clickhouse, retention);
      return report;
    });
  } finally {
    await clickhouse.close();
  }
}

async function applyAll(clickhouse: ClickHouse, workspace: WarehouseSettings): Promise<MigrationReport> {
  const known = await clickhouse.query({
    query: "SELECT name, checksum FROM schema_migrations",
    format: "JSONEachRow",
  });
  const checksums = new Map(
    (await known.json<{ name: string; checksum: string }>()).map((row) => [row.name, row.checksum]),
  );
  const record = async (name: string, checksum: string) => {
    await clickhouse.insert({ table: "schema_migrations", values: [{ name, checksum }], format: "JSONEachRow" });
  };

  const fixed = JSON.stringify(workspace);
  if (!checksums.has("workspace")) await record("workspace", fixed);
  else if (checksums.get("workspace") !== fixed) {
    throw new Error(
      `This database was made for the workspace ${checksums.get("workspace")}, the settings now say ${fixed}. ` +
        "Days and sums are stored by these: set WORKSPACE_TIMEZONE and WORKSPACE_CURRENCY back, or use another CLICKHOUSE_DATABASE.",
    );
  }

  const applied: string[] = [];
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort()) {
    const text = await readFile(new URL(name, folder), "utf8");
    const checksum = createHash("sha256").update(text).digest("hex");
    const before = checksums.get(name);
    if (before === checksum) continue;
    if (before !== undefined) {
      throw new Error(`Migration ${name} was changed after it had been applied: write a new numbered file instead.`);
    }
    for (const statement of statementsOf(fill(text, workspace))) await clickhouse.command({ query: statement });
    await record(name, checksum);
    applied.push(name);
  }
  return { applied, views: await applyViews(clickhouse, workspace, checksums, record) };
}

/** Statements end with a semicolon at the end of a line. IF NOT EXISTS makes a half-applied file safe to repeat. */
function statementsOf(text: string): string[] {
  return text
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "")
    .map((statement) =>
      statement.replace(/^((?:--.*\n)*)CREATE (TABLE|MATERIALIZED VIEW) /, "$1CREATE $2 IF NOT EXISTS "),
    );
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
