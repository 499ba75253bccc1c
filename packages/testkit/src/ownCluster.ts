import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cacheFolder,
  clickhouseUrl,
  clickhouseUsers,
  freePorts,
  type NativeEngine,
  nativeClickHouse,
  silentSteps,
} from "@keypulse/infra";
import { testAnalystGrants } from "./addresses.ts";
import { gentleLine } from "./gentleLine.ts";

interface ClusterNode {
  readonly url: string;
  readonly analystUrl: string;
  /** To stop, kill and start again. */
  readonly native: NativeEngine;
}

/** Several ClickHouse servers that know each other as one cluster. */
export interface OwnCluster {
  /** Name of the cluster. */
  readonly name: string;
  readonly nodes: readonly ClusterNode[];
  /** Settings of services that use it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops them and removes what they stored. */
  stop(): Promise<void>;
}

const name = "keypulse_test";

/**
 * @param places shard and replica of each server, as its macros say
 * @param zookeeperPort of a ZooKeeper, where tables are Replicated*
 */
export async function ownCluster(
  places: readonly { shard: number; replica: string }[],
  zookeeperPort?: number,
): Promise<OwnCluster> {
  const folder = mkdtempSync(join(tmpdir(), "keypulse-"));
  const ports = await freePorts(places.length * 2);
  const users = clickhouseUsers(testAnalystGrants);
  const servers = places.map((place, index) => ({ ...place, http: ports[index * 2]!, native: ports[index * 2 + 1]! }));
  const lines = await Promise.all(servers.map(({ native }) => gentleLine(native)));
  const cluster = clusterXml(
    servers.map(({ shard }, index) => ({ shard, port: lines[index]!.port })),
    users.password,
  );
  const nodes = await Promise.all(
    servers.map(async ({ shard, replica, http, native: nativePort }, index): Promise<ClusterNode> => {
      const native = await nativeClickHouse({
        cacheDir: cacheFolder(),
        dataDir: join(folder, `node${index}`),
        logFile: join(folder, `node${index}.log`),
        port: { number: http, variable: "a free port" },
        nativePort: { number: nativePort, variable: "a free port" },
        users,
        startStep: silentSteps,
        more: `${cluster}<macros><shard>${shard}</shard><replica>${replica}</replica></macros>${
          zookeeperPort === undefined
            ? ""
            : `<zookeeper><node><host>127.0.0.1</host><port>${zookeeperPort}</port></node></zookeeper>`
        }`,
      });
      await native.start();
      const address = `127.0.0.1:${http}`;
      return {
        url: clickhouseUrl(address, "keypulse", users.password),
        analystUrl: clickhouseUrl(address, "analyst", users.analystPassword),
        native,
      };
    }),
  );
  return {
    name,
    nodes,
    environment: {
      CLICKHOUSE_CLUSTER: name,
      CLICKHOUSE_NODES: nodes.map(({ url }) => url).join(","),
      CLICKHOUSE_REPLICATED: String(zookeeperPort !== undefined),
    },
    stop: async () => {
      await Promise.all(nodes.map(({ native }) => native.stop()));
      await Promise.all(lines.map((line) => line.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function clusterXml(servers: readonly { shard: number; port: number }[], password: string): string {
  const shards = [...Map.groupBy(servers, ({ shard }) => shard).values()].map((replicas) => {
    const list = replicas.map(
      ({ port }) =>
        `<replica><host>127.0.0.1</host><port>${port}</port><user>keypulse</user><password>${password}</password></replica>`,
    );
    return `<shard><internal_replication>true</internal_replication>${list.join("")}</shard>`;
  });
  return `<remote_servers><${name}>${shards.join("")}</${name}></remote_servers>`;
}
