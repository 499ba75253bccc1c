import { type ClickHouse, type ClickHouseSettings, connectClickHouse } from "@keypulse/engines";
import { clusterOf, localName } from "./cluster.ts";

/** One server of ClickHouse. */
export interface Node {
  url: string;
  clickhouse: ClickHouse;
  /** The first server of the same shard as the settings list them; it is that itself where the shard has no other. */
  first: Node;
}

/** Connects to every server of the cluster, or to the one that there is. The caller closes them. */
export async function connectNodes(
  settings: ClickHouseSettings,
  application: string,
  requestTimeoutMs?: number,
): Promise<Node[]> {
  const cluster = clusterOf(settings);
  const nodes: Node[] = [];
  const firsts = new Map<string, Node>();
  for (const url of cluster?.nodes ?? [settings.CLICKHOUSE_URL]) {
    const clickhouse = connectClickHouse({ ...settings, CLICKHOUSE_URL: url }, application, {
      ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    });
    const node = { url, clickhouse } as Node;
    nodes.push(node);
    // Without replicas every server is a shard of its own.
    const shard = cluster?.replicated ? await shardOf(clickhouse) : url;
    node.first = firsts.get(shard) ?? node;
    firsts.set(shard, node.first);
  }
  return nodes;
}

/** What holds some clients' rows, and what tables are called there. */
export interface Shard {
  clickhouse: ClickHouse;
  nameOf(table: string): string;
}

/** Connects to one server of every shard. The caller closes the connections. */
export async function connectShards(
  settings: ClickHouseSettings,
  application: string,
  requestTimeoutMs?: number,
): Promise<Shard[]> {
  const nameOf = clusterOf(settings) === undefined ? (table: string) => table : localName;
  const nodes = await connectNodes(settings, application, requestTimeoutMs);
  const others = nodes.filter((node) => node.first !== node);
  await Promise.all(others.map(({ clickhouse }) => clickhouse.close()));
  return nodes.filter((node) => node.first === node).map(({ clickhouse }) => ({ clickhouse, nameOf }));
}

async function shardOf(clickhouse: ClickHouse): Promise<string> {
  const result = await clickhouse.query({ query: "SELECT getMacro('shard') AS shard", format: "JSONEachRow" });
  return (await result.json<{ shard: string }>())[0]!.shard;
}

/** Whole parts of tables are rewritten. */
const rewritingMs = 3_600_000;

/**
 * Changes or deletes rows on every shard, and waits until parts are rewritten on all replicas: the data is gone from
 * disk when old parts are (8 minutes later).
 * @param change what follows ALTER TABLE and the table's name
 */
export async function mutate(settings: ClickHouseSettings, table: string, change: string): Promise<void> {
  const shards = await connectShards(settings, "keypulse-mutate", rewritingMs);
  try {
    for (const { clickhouse, nameOf } of shards) {
      await clickhouse.command({
        query: `ALTER TABLE ${nameOf(table)} ${change}`,
        // Lists of keys are read from a table, but from rows that stay as they are until all is done.
        clickhouse_settings: { mutations_sync: "2", allow_nondeterministic_mutations: 1 },
      });
    }
  } finally {
    await Promise.all(shards.map(({ clickhouse }) => clickhouse.close()));
  }
}
