import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Port } from "../ports.ts";
import type { StartStep } from "../steps.ts";
import { versions } from "../versions.ts";
import { cached } from "./cache.ts";
import { copyDependencies, findJava } from "./maven.ts";
import { type NativeEngine, NativeProcess } from "./nativeProcess.ts";
import { zookeeperAnswers } from "./probes.ts";

const pom = fileURLToPath(new URL("../../../zookeeper/pom.xml", import.meta.url));
const jars = 23;

export interface ZooKeeperPlace {
  readonly cacheDir: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly port: Port;
  readonly startStep: StartStep;
}

/** One ZooKeeper server, fetched when first needed: what Replicated tables of ClickHouse are made with. */
export async function nativeZookeeper(place: ZooKeeperPlace): Promise<NativeEngine> {
  const java = await findJava();
  const libraries = await cached(place.cacheDir, place.startStep, {
    title: `Fetch ZooKeeper ${versions.zookeeper}`,
    name: `zookeeper-${versions.zookeeper}`,
    fill: (folder, step) => copyDependencies(pom, folder, jars, step),
  });
  return new NativeProcess({
    title: "ZooKeeper",
    url: `127.0.0.1:${place.port.number}`,
    logFile: place.logFile,
    ports: [place.port],
    answers: () => zookeeperAnswers(place.port.number),
    prepare: async () => ({
      file: java,
      args: [
        ...["-Xmx256m", "-XX:+UseSerialGC", "-Dzookeeper.admin.enableServer=false", "-cp", join(libraries, "*")],
        ...["org.apache.zookeeper.server.ZooKeeperServerMain", writeConfiguration(place)],
      ],
    }),
  });
}

function writeConfiguration(place: ZooKeeperPlace): string {
  mkdirSync(place.dataDir, { recursive: true });
  const path = join(place.dataDir, "zoo.cfg");
  const settings = {
    tickTime: 2_000,
    dataDir: place.dataDir,
    clientPort: place.port.number,
    clientPortAddress: "127.0.0.1",
    "4lw.commands.whitelist": "ruok",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}
