import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../engineError.ts";
import type { Port } from "../ports.ts";
import type { StartStep } from "../steps.ts";
import { versions } from "../versions.ts";
import { readZipMember } from "../zip.ts";
import { cached } from "./cache.ts";
import { copyDependencies } from "./maven.ts";
import { type NativeEngine, NativeProcess } from "./nativeProcess.ts";
import { redisAnswers } from "./probes.ts";
import { runCommand } from "./runCommand.ts";

const pom = fileURLToPath(new URL("../../../redis/pom.xml", import.meta.url));

/** Members of the jar by Node's platform and architecture. */
const binaries: Readonly<Record<string, string>> = {
  "linux-x64": "redis-server-6.2.6-v5-linux-amd64",
  "linux-arm64": "redis-server-6.2.7-linux-arm64",
  "darwin-x64": "redis-server-6.2.6-v5-darwin-amd64",
  "darwin-arm64": "redis-server-6.2.6-v5-darwin-arm64",
};

export interface RedisPlace {
  readonly cacheDir: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly port: Port;
  readonly startStep: StartStep;
}

/** A Redis or Valkey server that appends every write to a file, from the PATH or fetched when first needed. */
export async function nativeRedis(place: RedisPlace): Promise<NativeEngine> {
  const server = (await serverOnPath()) ?? (await fetchedServer(place));
  return new NativeProcess({
    title: "Redis",
    url: `redis://127.0.0.1:${place.port.number}`,
    logFile: place.logFile,
    ports: [place.port],
    answers: () => redisAnswers(place.port.number),
    prepare: async () => {
      mkdirSync(place.dataDir, { recursive: true });
      const settings = {
        bind: "127.0.0.1",
        port: String(place.port.number),
        dir: place.dataDir,
        appendonly: "yes",
        appendfsync: "everysec",
        // The registry writes about 100 bytes an event: rewriting the log each 64 MB would cost more than it saves.
        "auto-aof-rewrite-min-size": "512mb",
        save: "",
        "maxmemory-policy": "noeviction",
      };
      return { file: server, args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]) };
    },
  });
}

/** BullMQ needs 6.2 for its commands (XAUTOCLAIM and the like), so an older server is passed over. */
async function serverOnPath(): Promise<string | undefined> {
  for (const name of ["redis-server", "valkey-server"]) {
    const { code, output } = await runCommand(name, ["--version"]);
    const [, major = "0", minor = "0"] = /v=(\d+)\.(\d+)/.exec(output) ?? [];
    if (code === 0 && Number(major) * 100 + Number(minor) >= 602) return name;
  }
  return undefined;
}

async function fetchedServer(place: RedisPlace): Promise<string> {
  const member = binaries[`${platform()}-${arch()}`];
  if (member === undefined) {
    throw new EngineError(
      `There is no Redis to fetch for ${platform()} on ${arch()}: install redis-server, start Docker, or set REDIS_URL.`,
    );
  }
  const folder = await cached(place.cacheDir, place.startStep, {
    title: "Fetch Redis 6.2",
    name: `redis-jar-${versions.redisJar}`,
    fill: async (into, step) => {
      await copyDependencies(pom, into, 1, step);
      const jar = join(into, `embedded-redis-${versions.redisJar}.jar`);
      const binary = readZipMember(readFileSync(jar), member);
      if (!binary) throw new EngineError(`${jar} holds no ${member}.`);
      writeFileSync(join(into, "redis-server"), binary);
      chmodSync(join(into, "redis-server"), 0o755);
      rmSync(jar);
    },
  });
  return join(folder, "redis-server");
}
