import { Readable } from "node:stream";
import {
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseClient as Client,
  createClient,
  type ClickHouseSettings as QuerySettings,
} from "@clickhouse/client";
import { z } from "zod";

/** Set where ClickHouse is more than one server: see "More than one node" in packages/warehouse/README.md. */
const clickHouseClusterShape = {
  /** Name of the cluster in the servers' remote_servers. */
  CLICKHOUSE_CLUSTER: z
    .string()
    .regex(/^\w*$/, "must be letters, digits and underscores")
    .transform((name) => name || undefined)
    .optional(),
  /** Every server of the cluster, as CLICKHOUSE_URL, with commas between: tables are made and rows erased on each. */
  CLICKHOUSE_NODES: z
    .string()
    .transform((list) => list.split(",").filter((url) => url.trim() !== ""))
    .pipe(z.array(z.url({ protocol: /^https?$/ })))
    .optional(),
  /** Whether shards have replicas: tables are then Replicated*, which needs ZooKeeper or ClickHouse Keeper. */
  CLICKHOUSE_REPLICATED: z.stringbool().optional(),
};

/**
 * An insert into a Distributed table has happened when every shard has its part, and joins of Distributed tables ask
 * each side once.
 */
export const clusterQuerySettings: QuerySettings = {
  distributed_foreground_insert: 1,
  parallel_distributed_insert_select: "0",
  distributed_product_mode: "global",
  prefer_global_in_and_join: 1,
};

/** How to reach ClickHouse: `http(s)://user:password@host:port`; the database is a setting of its own. */
export const clickHouseSettingsShape = {
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }).default("http://keypulse:keypulse@127.0.0.1:18123"),
  CLICKHOUSE_DATABASE: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, "must be lower-case letters, digits and underscores")
    .default("keypulse"),
  ...clickHouseClusterShape,
};

export type ClickHouseSettings = z.infer<z.ZodObject<typeof clickHouseSettingsShape>>;
export type ClickHouse = Client;

/** The one place that makes a @clickhouse/client. `database` false connects without one (to create it). */
export function connectClickHouse(
  settings: ClickHouseSettings,
  application: string,
  options: { database?: false; maxConnections?: number; requestTimeoutMs?: number } = {},
): ClickHouse {
  const url = new URL(settings.CLICKHOUSE_URL);
  const username = decodeURIComponent(url.username) || "default";
  const password = decodeURIComponent(url.password);
  url.username = "";
  url.password = "";
  return createClient({
    url: url.toString(),
    username,
    password,
    application,
    ...(options.database === false ? {} : { database: settings.CLICKHOUSE_DATABASE }),
    max_open_connections: options.maxConnections ?? 10,
    request_timeout: options.requestTimeoutMs ?? 60_000,
    keep_alive: { enabled: true, idle_socket_ttl: 2_500 },
    // Errors are thrown to the caller; the client's own log would repeat them with pieces of the rows.
    log: { level: ClickHouseLogLevel.OFF },
    compression: { request: false, response: false },
    clickhouse_settings: {
      output_format_json_quote_decimals: 1,
      ...(settings.CLICKHOUSE_CLUSTER === undefined ? {} : clusterQuerySettings),
    },
  });
}

/** A system table of every server of the cluster that the settings name, else of the one server. */
export function systemTable(settings: Pick<ClickHouseSettings, "CLICKHOUSE_CLUSTER">, table: string): string {
  const { CLICKHOUSE_CLUSTER: cluster } = settings;
  return cluster === undefined ? `system.${table}` : `clusterAllReplicas('${cluster}', system.${table})`;
}

/** Inserts what is in a format of ClickHouse already. */
export async function insertBytes(
  clickhouse: ClickHouse,
  table: string,
  columns: readonly string[],
  format: "Native" | "JSONCompactEachRow",
  block: Buffer,
  settings: QuerySettings,
): Promise<void> {
  const { stream } = await clickhouse.exec({
    query: `INSERT INTO ${table} (${columns.map((name) => `\`${name}\``).join(", ")}) FORMAT ${format}`,
    values: Readable.from([block], { objectMode: false }),
    clickhouse_settings: settings,
  });
  // The answer is empty, but the connection is free for others only when it was read.
  for await (const _ of stream);
}

/**
 * Codes that say "not now" rather than "never" (src/Common/ErrorCodes.cpp): timeouts, memory, too many parts or
 * queries, read-only table, table being dropped, shutting down, network, another shard that is away.
 */
const retryableCodes = new Set([
  "32",
  "159",
  "160",
  "164",
  "202",
  "209",
  "210",
  "236",
  "241",
  "242",
  "252",
  "279",
  "285",
  "319",
  "394",
  "999",
]);

/** True where the same request may succeed later: anything that is not an answer of the server, and busy answers. */
export function isRetryableClickHouseError(error: unknown): boolean {
  if (error instanceof ClickHouseError) return retryableCodes.has(error.code);
  return true;
}

export { ClickHouseError };
