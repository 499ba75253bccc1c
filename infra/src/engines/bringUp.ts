import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../folder.ts";
import { clickhouseUrl, clickhouseUsers, clickhouseUsersEnvironment } from "./clickhouseUsers.ts";
import { composeIsInstalled, composeStop, composeUp, dockerAnswers } from "./compose.ts";
import { EngineError } from "./engineError.ts";
import { withFileLock } from "./fileLock.ts";
import { nativeClickHouse } from "./native/clickhouse.ts";
import { nativeKafka, requireKafkaTools } from "./native/kafka.ts";
import type { NativeEngine } from "./native/nativeProcess.ts";
import { kafkaAnswers } from "./native/probes.ts";
import { nativeRedis } from "./native/redis.ts";
import { freePorts, type Port, portSetting } from "./ports.ts";
import { endProcess, processRef } from "./processIdentity.ts";
import {
  type EngineName,
  engineNames,
  findRunningEngines,
  leftOver,
  type Origin,
  type RunningEngine,
  removeRunning,
  writeRunning,
} from "./running.ts";
import { type StartStep, silentSteps } from "./steps.ts";

export interface BringUpOptions {
  /** Where data, logs and the state file live; see `keypulseFolder`. */
  readonly folder: string;
  /** Where fetched programs live; default `cacheFolder()`. */
  readonly cacheDir?: string;
  readonly need?: readonly EngineName[];
  /** What to try, in this order; default from KEYPULSE_ENGINES, else all. */
  readonly origins?: readonly Origin[];
  /** "fixed": 19092, 18123, 16379 or what the KEYPULSE_*_PORT variables say; "free": any (native only). */
  readonly ports?: "fixed" | "free";
  readonly analystGrants?: readonly string[];
  /** When another process has engines up in this folder: use those (and leave them be), or say so and fail. */
  readonly whenRunning?: "attach" | "refuse";
  /** What this process is, for people who are told that it runs: "npm start". */
  readonly command?: string;
  readonly onStep?: StartStep;
}

export interface Engines {
  /** `host:port` list; empty when not needed, as the other addresses. */
  readonly kafkaBrokers: string;
  /** With user and password, without a database: the services' user. */
  readonly clickhouseUrl: string;
  /** The same server as the analyst. */
  readonly analystUrl: string;
  readonly redisUrl: string;
  readonly origin: Readonly<Partial<Record<EngineName, Origin | "running">>>;
  /** Those that run as processes of this one. */
  readonly native: Readonly<Partial<Record<EngineName, NativeEngine>>>;
  /** The addresses as the variables that services read. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops what this call started. */
  stop(): Promise<void>;
}

interface Started {
  readonly name: EngineName;
  readonly origin: Origin | "running";
  readonly url: string;
  readonly analystUrl?: string;
  readonly native?: NativeEngine;
}

/**
 * Makes engines available, each from the first origin that has it: named by the environment, Docker Compose, a native
 * process. @throws EngineError whose message tells a person what to do
 */
export async function bringUpEngines(options: BringUpOptions): Promise<Engines> {
  mkdirSync(options.folder, { recursive: true });
  return await withFileLock(join(options.folder, "engines.lock"), () => bringUp(options));
}

async function bringUp(options: BringUpOptions): Promise<Engines> {
  const origins = options.origins ?? originSetting();
  const startStep = options.onStep ?? silentSteps;
  const missing = new Set<EngineName>(options.need ?? engineNames);
  const started: Started[] = [];
  const add = (engine: Started): void => {
    missing.delete(engine.name);
    started.push(engine);
  };

  if (origins.includes("environment")) for (const engine of named([...missing])) add(engine);

  const found = findRunningEngines(options.folder);
  const running = found?.owner.pid === process.pid ? undefined : found;
  if (running) {
    if (options.whenRunning === "refuse") {
      throw new EngineError(
        `Keypulse runs already here: ${running.command} (process ${running.owner.pid}). End it first.`,
      );
    }
    for (const name of [...missing]) {
      const engine = running.engines[name];
      if (engine) add({ ...engine, name, origin: "running" });
    }
  } else if (!found) {
    await endLeftOver(options.folder, startStep);
  }

  const composed =
    missing.size > 0 && origins.includes("compose") && options.ports !== "free" && (await useCompose(startStep));
  if (composed) {
    const services = [...missing];
    const users = clickhouseUsers(options.analystGrants);
    const step = startStep(`Start ${services.map((name) => titles[name]).join(", ")} with Docker Compose`);
    await failing(step.fail, async () => {
      await composeUp(services, clickhouseUsersEnvironment(users), step);
      if (missing.has("kafka")) await untilKafkaAnswers(portSetting(...fixedPorts.kafka.main).number);
    });
    step.done();
    for (const name of services) add(composeAddress(name, options.analystGrants));
  } else if (missing.size > 0 && origins.includes("native")) {
    for (const engine of await startNative([...missing], options, startStep)) add(engine);
  }
  if (missing.size > 0) {
    const names = [...missing];
    throw new EngineError(
      `No ${names.map((name) => titles[name]).join(", ")}: set ${names.map((name) => variables[name]).join(", ")}.`,
    );
  }
  // While another process owns the folder its file stays: others find the engines that last.
  if (!running) writeRunning(options.folder, Object.fromEntries(started.map(describe)), options.command ?? "a command");
  return assemble(started, options.folder);
}

const titles = { kafka: "Kafka", clickhouse: "ClickHouse", redis: "Redis" } as const;
const variables = { kafka: "KAFKA_BROKERS", clickhouse: "CLICKHOUSE_URL", redis: "REDIS_URL" } as const;

function originSetting(): readonly Origin[] {
  const all: readonly Origin[] = ["environment", "compose", "native"];
  const setting = process.env.KEYPULSE_ENGINES;
  if (!setting) return all;
  const chosen = setting.split(",").map((origin) => all.find((known) => known === origin.trim()));
  if (chosen.every((origin) => origin !== undefined)) return chosen;
  throw new EngineError(`KEYPULSE_ENGINES must list some of ${all.join(", ")}, but is "${setting}".`);
}

function named(needed: readonly EngineName[]): readonly Started[] {
  return needed.flatMap((name) => {
    const url = process.env[variables[name]];
    if (!url) return [];
    return [
      { name, origin: "environment" as const, url, ...(name === "clickhouse" && { analystUrl: analystOf(url) }) },
    ];
  });
}

/** CLICKHOUSE_ANALYST_URL, else the same server with the user `analyst`. */
function analystOf(url: string): string {
  if (process.env.CLICKHOUSE_ANALYST_URL) return process.env.CLICKHOUSE_ANALYST_URL;
  const analyst = new URL(url);
  analyst.username = "analyst";
  analyst.password = encodeURIComponent(clickhouseUsers().analystPassword);
  return analyst.href.replace(/\/$/, "");
}

async function useCompose(startStep: StartStep): Promise<boolean> {
  if (!(await dockerAnswers())) return false;
  if (await composeIsInstalled()) return true;
  startStep("Docker answers, but its compose plugin is not installed").done("native processes instead");
  return false;
}

/** Its container is healthy when the port is open, a little before the broker takes part in its cluster. */
async function untilKafkaAnswers(port: number): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await kafkaAnswers(port).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new EngineError("Kafka's container is up, but the broker does not answer: see `docker compose logs kafka`.");
}

function composeAddress(name: EngineName, grants?: readonly string[]): Started {
  const port = portSetting(...fixedPorts[name].main).number;
  return { name, origin: "compose", ...addresses(name, port, grants) };
}

type PortSetting = readonly [variable: string, defaultPort: number];

const fixedPorts: Readonly<Record<EngineName, { main: PortSetting; second?: PortSetting }>> = {
  kafka: { main: ["KEYPULSE_KAFKA_PORT", 19_092], second: ["KEYPULSE_KAFKA_CONTROLLER_PORT", 19_093] },
  clickhouse: { main: ["KEYPULSE_CLICKHOUSE_PORT", 18_123], second: ["KEYPULSE_CLICKHOUSE_NATIVE_PORT", 19_000] },
  redis: { main: ["KEYPULSE_REDIS_PORT", 16_379] },
};

function addresses(name: EngineName, port: number, grants?: readonly string[]): { url: string; analystUrl?: string } {
  const address = `127.0.0.1:${port}`;
  if (name === "kafka") return { url: address };
  if (name === "redis") return { url: `redis://${address}` };
  const users = clickhouseUsers(grants);
  return {
    url: clickhouseUrl(address, "keypulse", users.password),
    analystUrl: clickhouseUrl(address, "analyst", users.analystPassword),
  };
}

async function startNative(
  names: readonly EngineName[],
  options: BringUpOptions,
  startStep: StartStep,
): Promise<readonly Started[]> {
  if (names.includes("kafka")) await requireKafkaTools(options.cacheDir ?? cacheFolder());
  const free = options.ports === "free" ? await freePorts(names.length * 2) : undefined;
  const port = (setting: PortSetting): Port => {
    const number = free?.pop();
    return number === undefined ? portSetting(...setting) : { number, variable: setting[0] };
  };
  const results = await Promise.allSettled(
    names.map(async (name): Promise<Started> => {
      const main = port(fixedPorts[name].main);
      const second = port(fixedPorts[name].second ?? fixedPorts[name].main);
      const native = await nativeEngine(name, main, second, options, startStep);
      const step = startStep(`Start ${native.title}`);
      await failing(step.fail, () => native.start());
      step.done(`127.0.0.1:${main.number}`);
      return { name, origin: "native", native, ...addresses(name, main.number, options.analystGrants) };
    }),
  );
  const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  if (failures.length === 0) return started;
  await Promise.all(started.map((engine) => engine.native?.stop()));
  const unexpected = failures.find((failure) => !(failure instanceof EngineError));
  if (unexpected) throw unexpected;
  throw new EngineError([...new Set(failures.map((failure) => (failure as EngineError).message))].join("\n"));
}

function nativeEngine(
  name: EngineName,
  port: Port,
  second: Port,
  options: BringUpOptions,
  startStep: StartStep,
): Promise<NativeEngine> {
  const place = {
    cacheDir: options.cacheDir ?? cacheFolder(),
    dataDir: join(options.folder, "data", name),
    logFile: join(options.folder, "logs", `${name}.log`),
    port,
    startStep,
  };
  if (name === "kafka") return nativeKafka({ ...place, controllerPort: second });
  if (name === "redis") return nativeRedis(place);
  return nativeClickHouse({
    ...place,
    nativePort: second,
    users: clickhouseUsers(options.analystGrants),
  });
}

async function endLeftOver(folder: string, startStep: StartStep): Promise<void> {
  const processes = leftOver(folder);
  if (processes.length === 0) return;
  const step = startStep("End engines left over from a run that was cut off");
  await Promise.all(processes.map((ref) => endProcess(ref, 20_000)));
  step.done();
}

function describe(engine: Started): [EngineName, RunningEngine] {
  const ref = engine.native?.pid === undefined ? undefined : processRef(engine.native.pid);
  return [
    engine.name,
    {
      origin: engine.origin as Origin,
      url: engine.url,
      ...(engine.analystUrl !== undefined && { analystUrl: engine.analystUrl }),
      ...(ref && { process: ref }),
    },
  ];
}

function assemble(started: readonly Started[], folder: string): Engines {
  const of = (name: EngineName): Started | undefined => started.find((engine) => engine.name === name);
  const clickhouse = of("clickhouse");
  const environment = started.flatMap((engine): [string, string][] => [
    [variables[engine.name], engine.url],
    ...(engine.analystUrl === undefined ? [] : [["CLICKHOUSE_ANALYST_URL", engine.analystUrl] as [string, string]]),
  ]);
  const composed = started.filter((engine) => engine.origin === "compose").map((engine) => engine.name);
  return {
    kafkaBrokers: of("kafka")?.url ?? "",
    clickhouseUrl: clickhouse?.url ?? "",
    analystUrl: clickhouse?.analystUrl ?? "",
    redisUrl: of("redis")?.url ?? "",
    origin: Object.fromEntries(started.map((engine) => [engine.name, engine.origin])),
    native: Object.fromEntries(started.flatMap((engine) => (engine.native ? [[engine.name, engine.native]] : []))),
    environment: Object.fromEntries(environment),
    stop: async () => {
      await Promise.all(started.map((engine) => engine.native?.stop()));
      if (composed.length > 0) await composeStop(composed);
      removeRunning(folder);
    },
  };
}

async function failing<T>(fail: (note: string) => void, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    fail("failed");
    throw error;
  }
}
