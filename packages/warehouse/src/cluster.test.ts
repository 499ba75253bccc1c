import { connectClickHouse } from "@keypulse/engines";
import { EngineError, ownCluster, ownZookeeper } from "@keypulse/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { clusterOf, copyTables, createDistributedTables, onLocalTables } from "./cluster.ts";
import { presentAfter, readMigrations, tablesOf } from "./migrationFiles.ts";

const database = "kp_replicated";

describe("settings of a cluster", () => {
  const one = { CLICKHOUSE_URL: "http://a:8123", CLICKHOUSE_DATABASE: "keypulse" };

  it("are none where ClickHouse is one server", () => {
    expect(clusterOf(one)).toBeUndefined();
  });

  it("must say the cluster's name and all its servers", () => {
    expect(() => clusterOf({ ...one, CLICKHOUSE_CLUSTER: "c" })).toThrow(/CLICKHOUSE_NODES must list/);
    expect(() => clusterOf({ ...one, CLICKHOUSE_REPLICATED: true })).toThrow(/set CLICKHOUSE_CLUSTER/);
  });
});

// The embedded server has no interserver port: replicated tables can be made, but neither written nor altered. So what
// migrations create is created here, and what they alter is left to real servers.
it("creates every table of the migrations replicated, in a real ZooKeeper, on two replicas and another shard", async ({
  skip,
}) => {
  const zookeeper = await ownZookeeper().catch((error: Error) => {
    if (!(error instanceof EngineError) || process.env.CI) throw error;
    return skip(error.message);
  });
  onTestFinished(() => zookeeper.stop());
  const places = ["1a", "1b", "2a"].map((place) => ({ shard: Number(place[0]), replica: place[1]! }));
  const servers = await ownCluster(places, zookeeper.port);
  onTestFinished(() => servers.stop());
  const nodes = servers.nodes.map(({ url }) => url);
  const cluster = { name: servers.name, nodes, replicated: true, database };
  const [first, replica, otherShard] = await Promise.all(
    nodes.map(async (url) => {
      const root = connectClickHouse({ CLICKHOUSE_URL: url, CLICKHOUSE_DATABASE: database }, "test", {
        database: false,
      });
      await root.command({ query: `CREATE DATABASE ${database}` });
      await root.close();
      return connectClickHouse({ CLICKHOUSE_URL: url, CLICKHOUSE_DATABASE: database }, "test");
    }),
  );
  const clients = [first!, replica!, otherShard!];
  onTestFinished(async () => void (await Promise.all(clients.map((client) => client.close()))));

  const migrations = await readMigrations({ timezone: "UTC", currency: "EUR" });
  const tables = presentAfter(migrations, "TABLE");
  const created = migrations
    .flatMap(({ statements }) => statements)
    .filter((statement) => /^(CREATE|DROP) /m.test(statement) && !statement.includes("eras.client_key"));
  for (const client of [first!, otherShard!]) {
    for (const statement of created)
      await client.command({ query: onLocalTables(statement, tablesOf(migrations), cluster) });
  }
  await copyTables(first!, replica!);
  for (const client of clients) await createDistributedTables(client, cluster);

  interface Table {
    name: string;
    engine: string;
    path: string;
    replica: string;
  }
  const made = await Promise.all(
    clients.map(async (client) => {
      const result = await client.query({
        query: `SELECT t.name AS name, t.engine AS engine, r.zookeeper_path AS path, r.replica_name AS replica
          FROM system.tables AS t LEFT JOIN system.replicas AS r ON r.database = t.database AND r.table = t.name
          WHERE t.database = '${database}' ORDER BY name`,
        format: "JSONEachRow",
      });
      return await result.json<Table>();
    }),
  );
  const replicated = made.map((list) => list.filter(({ engine }) => engine.endsWith("MergeTree")));
  for (const list of replicated) {
    expect(list.map(({ name }) => name)).toEqual(tables.map((table) => `${table}_local`).toSorted());
    for (const { engine } of list) expect(engine).toMatch(/^Replicated/);
  }
  for (const list of made) {
    const distributed = list.filter(({ engine }) => engine === "Distributed").map(({ name }) => name);
    expect(distributed).toEqual(tables.toSorted());
    const feeds = list.filter(({ engine }) => engine === "MaterializedView").map(({ name }) => name);
    // That view needs a column which is altered in later.
    const wanted = presentAfter(migrations, "MATERIALIZED VIEW").filter((name) => name !== "feed_identity_members");
    expect(feeds).toEqual(wanted.toSorted());
  }
  expect(replicated.map((list) => new Set(list.map((table) => table.replica)))).toEqual([
    new Set(["a"]),
    new Set(["b"]),
    new Set(["a"]),
  ]);
  const paths = replicated.map((list) => list.map(({ path }) => path));
  expect(paths[1]).toEqual(paths[0]);
  expect(new Set([...paths[0]!, ...paths[2]!]).size).toBe(tables.length * 2);
});
