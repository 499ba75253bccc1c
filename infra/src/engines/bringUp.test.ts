import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type BringUpOptions, bringUpEngines } from "./bringUp.ts";
import { freePorts } from "./ports.ts";
import { isAlive, type ProcessRef, processRef } from "./processIdentity.ts";
import { findRunningEngines, readRunning } from "./running.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keypulse-bring-up-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const nativeRedis = (): BringUpOptions => ({ folder, origins: ["native"], need: ["redis"], ports: "free" });

describe("bringing engines up", () => {
  test("takes those that the environment names, and leaves them be", async () => {
    vi.stubEnv("CLICKHOUSE_URL", "http://me:secret@db.example:8123");
    vi.stubEnv("KAFKA_BROKERS", "one:9092,two:9092");
    const engines = await bringUpEngines({ folder, need: ["kafka", "clickhouse"] });
    expect(engines.origin).toEqual({ kafka: "environment", clickhouse: "environment" });
    expect(engines.kafkaBrokers).toBe("one:9092,two:9092");
    expect(engines.analystUrl).toBe("http://analyst:analyst@db.example:8123");
    await engines.stop();
  });

  test("says which port is taken and how to change it", async () => {
    const [port = 0] = await freePorts(1);
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    vi.stubEnv("KEYPULSE_REDIS_PORT", String(port));
    await expect(bringUpEngines({ folder, origins: ["native"], need: ["redis"] })).rejects.toThrow(
      `Redis needs port ${port}, which another program uses; end that program or set KEYPULSE_REDIS_PORT to a free port.`,
    );
  });

  test("refuses a port that is no number", async () => {
    vi.stubEnv("KEYPULSE_REDIS_PORT", "many");
    await expect(bringUpEngines({ folder, origins: ["native"], need: ["redis"] })).rejects.toThrow(
      'KEYPULSE_REDIS_PORT must be a port number, but is "many".',
    );
  });

  test("attaches to what another process has up, which ends with that process even when it is killed", async () => {
    const other = spawn(process.execPath, ["--input-type=module", "--eval", otherProcess], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, FOLDER: folder },
    });
    await once(createInterface({ input: other.stdout }), "line");

    const attached = await bringUpEngines(nativeRedis());
    expect(attached.origin).toEqual({ redis: "running" });
    await expect(bringUpEngines({ ...nativeRedis(), whenRunning: "refuse" })).rejects.toThrow(
      `Keypulse runs already here: another test (process ${other.pid}). End it first.`,
    );
    await attached.stop();
    const redis = findRunningEngines(folder)?.engines.redis?.process as ProcessRef;
    expect(isAlive(redis)).toBe(true);

    other.kill("SIGKILL");
    await expect.poll(() => isAlive(redis), { timeout: 10_000 }).toBe(false);
    expect(findRunningEngines(folder)).toBeUndefined();
  });

  test("ends what a killed run left over, but no process that has its pid now", async () => {
    const leftOver = spawn("sleep", ["100"]);
    const innocent = spawn("sleep", ["100"]);
    onTestFinished(() => void innocent.kill());
    const engine = (ref: ProcessRef) => ({ origin: "native", url: "redis://127.0.0.1:1", process: ref });
    writeFileSync(
      join(folder, "engines.json"),
      JSON.stringify({
        owner: { pid: process.pid, identity: "earlier" },
        command: "npm start",
        engines: {
          redis: engine(processRef(leftOver.pid!)!),
          clickhouse: engine({ pid: innocent.pid!, identity: "earlier" }),
        },
      }),
    );
    const ended = once(leftOver, "exit");

    const engines = await bringUpEngines(nativeRedis());

    expect((await ended)[1]).toBe("SIGTERM");
    expect(innocent.exitCode ?? innocent.signalCode).toBeNull();
    expect(readRunning(folder)?.owner.pid).toBe(process.pid);
    await engines.stop();
    expect(readRunning(folder)).toBeUndefined();
  });
});

const otherProcess = `
  import { bringUpEngines } from ${JSON.stringify(fileURLToPath(new URL("bringUp.ts", import.meta.url)))};
  await bringUpEngines({ folder: process.env.FOLDER, origins: ["native"], need: ["redis"], ports: "free", command: "another test" });
  console.log("up");
`;
