import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../engineError.ts";
import type { Port } from "../ports.ts";
import type { StartStep } from "../steps.ts";
import { versions } from "../versions.ts";
import { cached } from "./cache.ts";
import { copyDependencies, findJava, requireMaven } from "./maven.ts";
import { type NativeEngine, NativeProcess } from "./nativeProcess.ts";
import { kafkaAnswers } from "./probes.ts";
import { runCommand } from "./runCommand.ts";

const settingsFolder = fileURLToPath(new URL("../../../kafka/", import.meta.url));
const jars = 93;
const clusterId = Buffer.from("keypulse-cluster").toString("base64url");

export interface KafkaPlace {
  readonly cacheDir: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly port: Port;
  readonly controllerPort: Port;
  readonly startStep: StartStep;
}

const cacheName = `kafka-${versions.kafka}`;

/** Says what is missing on this machine before anything large is fetched. @throws EngineError */
export async function requireKafkaTools(cacheDir: string): Promise<void> {
  await findJava();
  if (!existsSync(join(cacheDir, cacheName))) await requireMaven();
}

/** One Kafka broker that is its own KRaft controller, fetched when first needed. */
export async function nativeKafka(place: KafkaPlace): Promise<NativeEngine> {
  const java = await findJava();
  const libraries = await cached(place.cacheDir, place.startStep, {
    title: `Fetch Kafka ${versions.kafka}`,
    name: cacheName,
    fill: (folder, step) => copyDependencies(join(settingsFolder, "pom.xml"), folder, jars, step),
  });
  const run = [
    // The second compiler costs a third of a start's work, and `npm run bench -- ingest` shows no gain by it.
    "-XX:TieredStopAtLevel=1",
    "-Xms256m",
    "-Xmx768m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    `-Dlog4j2.configurationFile=${join(settingsFolder, "log4j2.xml")}`,
    "-cp",
    join(libraries, "*"),
  ];
  return new NativeProcess({
    title: "Kafka",
    url: `127.0.0.1:${place.port.number}`,
    logFile: place.logFile,
    ports: [place.port, place.controllerPort],
    answers: () => kafkaAnswers(place.port.number),
    stopTimeoutMs: 30_000,
    prepare: async () => {
      const properties = writeProperties(place);
      if (!existsSync(join(place.dataDir, "log", "meta.properties"))) {
        const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties];
        const { code, output } = await runCommand(java, [...run, ...format]);
        if (code !== 0) throw new EngineError(`Kafka's storage could not be formatted:\n${output}`);
      }
      return { file: java, args: [...run, "kafka.Kafka", properties] };
    },
  });
}

function writeProperties(place: KafkaPlace): string {
  mkdirSync(place.dataDir, { recursive: true });
  const path = join(place.dataDir, "server.properties");
  const settings = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${place.controllerPort.number}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${place.port.number},CONTROLLER://127.0.0.1:${place.controllerPort.number}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${place.port.number}`,
    "log.dirs": join(place.dataDir, "log"),
    "auto.create.topics.enable": false,
    "group.initial.rebalance.delay.ms": 0,
    // A killed broker may not register again until its last session ends; with the default of 9 s it is away for 12 s.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 8,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 8,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "message.max.bytes": 4 * 1024 * 1024,
    "log.retention.hours": 168,
    // Sized for a laptop: the defaults hold 128 MB to clean compacted topics and 10 MB of index a segment.
    "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    "log.index.size.max.bytes": 2 * 1024 * 1024,
    "num.network.threads": 2,
    "num.io.threads": 4,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}
