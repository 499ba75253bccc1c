import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, type ProcessRef, processRef } from "./processIdentity.ts";

export type EngineName = "kafka" | "clickhouse" | "redis";
export const engineNames = ["kafka", "clickhouse", "redis"] as const satisfies readonly EngineName[];

/** Who runs an engine: the environment named it, Docker Compose, or a process of ours. */
export type Origin = "environment" | "compose" | "native";

export interface RunningEngine {
  readonly origin: Origin;
  /** `host:port` lists for Kafka, URLs with user and password for the others. */
  readonly url: string;
  /** ClickHouse only: the same server as the analyst. */
  readonly analystUrl?: string;
  /** Native only. */
  readonly process?: ProcessRef;
}

/** What `.keypulse/engines.json` says, so that a second command finds what a first one runs. */
export interface RunningEngines {
  /** The process that brought them up and will stop them. */
  readonly owner: ProcessRef;
  /** What that process is, for people: "npm start". */
  readonly command: string;
  readonly engines: Partial<Record<EngineName, RunningEngine>>;
}

export function writeRunning(folder: string, engines: RunningEngines["engines"], command: string): void {
  const owner = processRef(process.pid);
  if (!owner) throw new Error("the system does not tell when this process started");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "engines.json");
  // It holds passwords; and a reader must never see half of it.
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify({ owner, command, engines }, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.${process.pid}`, path);
}

export function removeRunning(folder: string): void {
  if (readRunning(folder)?.owner.pid === process.pid) rmSync(join(folder, "engines.json"), { force: true });
}

/** What the file says, true or stale. */
export function readRunning(folder: string): RunningEngines | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "engines.json"), "utf8")) as RunningEngines;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The engines that a living process has up in this folder, without those that died meanwhile. */
export function findRunningEngines(folder: string): RunningEngines | undefined {
  const running = readRunning(folder);
  if (!running || !isAlive(running.owner)) return undefined;
  const alive = Object.entries(running.engines).filter(([, engine]) => !engine.process || isAlive(engine.process));
  return { ...running, engines: Object.fromEntries(alive) };
}

/** Processes of an owner that died without stopping them. */
export function leftOver(folder: string): readonly ProcessRef[] {
  const running = readRunning(folder);
  if (!running || isAlive(running.owner)) return [];
  return Object.values(running.engines).flatMap(({ process: ref }) => (ref && isAlive(ref) ? [ref] : []));
}
