import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts, serviceNodeOptions } from "@keypulse/infra";

/** A service of ours as a process of its own, as in production. */
export interface ServiceProcess {
  readonly pid: number;
  /** Where /ready and /metrics answer. */
  readonly url: string;
  /** File with what it logged. */
  readonly log: string;
  /** Resolves with the exit code whenever and however it ends, null after a signal. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, waits for the end. @returns the exit code */
  stop(): Promise<number | null>;
  /** SIGKILL, waits for the end. */
  kill(): Promise<void>;
  metric(name: string): Promise<number>;
}

const root = new URL("../../../", import.meta.url);

/** Starts a service and waits until it says that it is ready. @throws Error with the end of its log where it does not */
export async function startService(
  name: "ingest" | "signals" | "alerts" | "segments" | "collector" | "console",
  environment: Readonly<Record<string, string>>,
  options: { waitUntilReady?: boolean } = {},
): Promise<ServiceProcess> {
  const [port] = await freePorts(1);
  const log = join(tmpdir(), `keypulse-${name}-${process.pid}-${port}.log`);
  const out = createWriteStream(log);
  let tail = "";
  const child: ChildProcess = spawn(process.execPath, [new URL(`services/${name}/src/main.ts`, root).pathname], {
    cwd: root.pathname,
    env: {
      PATH: process.env.PATH,
      NODE_OPTIONS: serviceNodeOptions.join(" "),
      ...environment,
      PORT: String(port),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      out.write(chunk);
      tail = (tail + chunk.toString("utf8")).slice(-4_000);
    });
  }
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const service: ServiceProcess = {
    pid: child.pid!,
    url: `http://127.0.0.1:${port}`,
    log,
    ended,
    async stop() {
      child.kill("SIGTERM");
      return await ended;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async metric(metric) {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      const lines = text.split("\n").filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
    },
  };
  if (options.waitUntilReady === false) return service;
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${tail}`);
    const response = await fetch(`${service.url}/ready`).catch(() => undefined);
    if (response?.ok) return service;
    await sleep(100);
  }
  await service.kill();
  throw new Error(`${name} is not ready after a minute:\n${tail}`);
}
