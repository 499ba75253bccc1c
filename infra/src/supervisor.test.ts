import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { freePorts } from "./engines/ports.ts";
import { type ServiceSpec, supervise } from "./supervisor.ts";

const folder = mkdtempSync(join(tmpdir(), "keypulse-supervisor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A service that answers /ready and writes down when it stops; `behaviour` is code that runs first. */
async function service(name: string, behaviour = ""): Promise<ServiceSpec> {
  const [port = 0] = await freePorts(1);
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `import { appendFileSync } from "node:fs"; import { createServer } from "node:http";
    process.on("SIGTERM", () => { appendFileSync(process.env.STOPS, "${name}\\n"); process.exit(0); });
    ${behaviour}
    createServer((_, response) => response.end("ok")).listen(process.env.PORT, "127.0.0.1");
    console.log(JSON.stringify({ level: "info", service: "${name}", msg: "hello" }));`,
  );
  return { name, file, port, env: { STOPS: join(folder, "stops") } };
}

const backoff = { firstMs: 40, maxMs: 400, steadyAfterMs: 10_000 };

describe("the supervisor", () => {
  test("waits until services are ready and stops them in the order given", async () => {
    const lines: string[] = [];
    const services = [await service("first"), await service("second"), await service("third")];
    const supervisor = supervise({ services, line: (text) => lines.push(text), pretty: false });
    supervisor.start();
    await supervisor.ready(10_000);
    expect(lines.map((line) => JSON.parse(line).service).sort()).toEqual(["first", "second", "third"]);

    await supervisor.stop();

    expect(readFileSync(join(folder, "stops"), "utf8")).toBe("first\nsecond\nthird\n");
    expect(supervisor.status().map(({ pid }) => pid)).toEqual([undefined, undefined, undefined]);
  });

  test("starts a crashing service again after growing pauses, with what it said in the log", async () => {
    const lines: string[] = [];
    const crashing = await service("crashing", "throw new Error('cannot go on');");
    const supervisor = supervise({ services: [crashing], line: (text) => lines.push(text), pretty: false, backoff });
    supervisor.start();
    await expect.poll(() => supervisor.status()[0]?.restarts, { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
    await supervisor.stop();

    const pauses = lines.flatMap((line) => /again in ([\d.]+) s/.exec(line)?.[1] ?? []).map(Number);
    // 40, 80, 160, 320 ms, each times 0.5 to 1: the fourth is at least four times the first.
    expect(pauses[3]).toBeGreaterThanOrEqual(4 * (pauses[0] ?? 0) * 0.9);
    expect(lines.join("\n")).toContain("cannot go on");
    await expect(supervisor.ready(1_000)).rejects.toThrow("crashing was stopped");
  });

  test("kills a service that does not stop in time, and says so", async () => {
    const lines: string[] = [];
    const stubborn = await service(
      "stubborn",
      "process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {});",
    );
    const supervisor = supervise({
      services: [stubborn],
      line: (text) => lines.push(text),
      pretty: true,
      stopTimeoutMs: 200,
    });
    supervisor.start();
    await supervisor.ready(10_000);
    await supervisor.stop();
    expect(lines.join("\n")).toContain("stubborn: did not stop within 200 ms and was killed");
  });

  test("does not start a service again that refuses its settings", async () => {
    const refusing = await service("refusing", "console.error('PORT must be a number'); process.exit(78);");
    const lines: string[] = [];
    const supervisor = supervise({ services: [refusing], line: (text) => lines.push(text), pretty: false, backoff });
    supervisor.start();
    await expect(supervisor.ready(10_000)).rejects.toThrow("refusing refused its settings");
    expect(supervisor.status()).toMatchObject([{ restarts: 0, refused: true }]);
    expect(lines.join("\n")).toContain("PORT must be a number");
    await supervisor.stop();
  });

  test("says why a service is not ready", async () => {
    const unready = await service(
      "unready",
      `createServer((_, response) => { response.statusCode = 503; response.end("Kafka is away"); }).listen(process.env.PORT, "127.0.0.1");
      await new Promise(() => {});`,
    );
    const supervisor = supervise({ services: [unready], line: () => undefined, pretty: false });
    supervisor.start();
    await expect(supervisor.ready(1_500)).rejects.toThrow("Kafka is away");
    await supervisor.stop();
  });
});
