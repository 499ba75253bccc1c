import type { ClickHouse } from "@keypulse/engines";
import type { WarehouseSettings } from "./workspace.ts";

/** What the database was made for. @throws Error where it holds no tables yet */
export async function readWorkspace(clickhouse: ClickHouse): Promise<WarehouseSettings> {
  const result = await clickhouse.query({
    query: "SELECT checksum FROM schema_migrations WHERE name = 'workspace'",
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ checksum: string }>();
  if (row === undefined) throw new Error("ClickHouse has no tables of Keypulse's yet: npm start makes them");
  return JSON.parse(row.checksum) as WarehouseSettings;
}
