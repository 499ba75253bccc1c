import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "@keypulse/infra";
import { writeConsoleAccess } from "@keypulse/infra/console";
import { eventually, type ServiceProcess, startService } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiToken, type ConsoleWorld, createConsoleWorld, secretKey } from "./testing/consoleWorld.ts";

interface Wiring {
  ok: boolean;
  stopped_at: string | null;
  what_to_do: string | null;
  steps: { step: string; outcome: string; says: string }[];
  client: { id: string; name: string } | null;
}

const run = promisify(execFile);

/** With a collector and an ingest as processes of their own, as `npm start` has them. */
describe("from a source's wiring to its client", () => {
  let world: ConsoleWorld;
  let collector: ServiceProcess;
  let ingest: ServiceProcess;
  let folder: string;
  beforeAll(async () => {
    const [port] = await freePorts(1);
    world = await createConsoleWorld({ COLLECTOR_PUBLIC_URL: `http://127.0.0.1:${port}` });
    const environment = { ...world.environment, KEYPULSE_SECRET_KEY: secretKey };
    [collector, ingest] = await Promise.all([
      startService("collector", { ...environment, COLLECTOR_PORT: String(port) }),
      startService("ingest", environment),
    ]);
    folder = mkdtempSync(join(tmpdir(), "keypulse-console-"));
    writeConsoleAccess(folder, { url: world.url, token: apiToken });
  });
  afterAll(async () => {
    await Promise.all([collector?.stop(), ingest?.stop()]);
    await world?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const wire = async (id: string, connector: string, more: object = {}) =>
    (await world.call<{ secret: string }>("POST", "/v1/sources", { id, name: id, connector, ...more })).body;
  const test = async (id: string) => (await world.call<Wiring>("POST", `/v1/sources/${id}/test`)).body;
  const outcomes = ({ steps }: Wiring) => steps.map(({ step, outcome }) => `${step} ${outcome}`);

  it("follows a signed sample from the collector to the warehouse, and makes no client of it", async () => {
    await wire("signed", "standardwebhooks");
    const wiring = await test("signed");
    expect(outcomes(wiring)).toEqual([
      "secret ok",
      "collector ok",
      "signature ok",
      "kafka ok",
      "clickhouse ok",
      "client ok",
    ]);
    expect(wiring).toMatchObject({ ok: true, stopped_at: null, client: null });
    expect(await world.rows("SELECT * FROM clients")).toEqual([]);
    expect(await world.rows("SELECT type FROM events WHERE source = 'signed'")).toEqual([{ type: "web.page_viewed" }]);
    const { body } = await world.call<{ health: { health: string } }>("GET", "/v1/sources/signed");
    expect(body.health.health).toBe("ok");
  });

  it("tests the Segment API with a write key that it lends itself for the moment", async () => {
    const { secret } = await wire("website", "segment");
    const wiring = await test("website");
    expect(wiring).toMatchObject({ ok: true, stopped_at: null });
    expect(outcomes(wiring)).toContain("clickhouse ok");
    const { body } = await world.call<{ secrets: { hint: string }[]; version: number }>("GET", "/v1/sources/website");
    expect(body).toMatchObject({ version: 3, secrets: [{ hint: secret.slice(-4) }] });
  });

  it("says what it can where only the provider signs", async () => {
    await wire("mail", "sendgrid", {
      secret:
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==",
    });
    const wiring = await test("mail");
    expect(outcomes(wiring).slice(0, 3)).toEqual(["secret ok", "collector ok", "signature skipped"]);
    expect(wiring).toMatchObject({ ok: true, client: null });
  });

  it("stops at the first step that fails and says what to do", async () => {
    await wire("unsigned", "mailgun");
    expect(await test("unsigned")).toMatchObject({
      ok: false,
      stopped_at: "secret",
      what_to_do: expect.stringContaining("rotate unsigned"),
    });

    await wire("mapped", "json", {
      settings: { expression: '{"id": id, "type": "order.placed"}', sample: '{"id": "1"}' },
    });
    const wrong = await test("mapped");
    expect(wrong).toMatchObject({
      ok: false,
      stopped_at: "clickhouse",
      what_to_do: expect.stringContaining("mapping"),
    });
    expect(wrong.steps.at(-1)?.says).toMatch(/^kept aside for the reason (invalid|malformed): /);
  });

  const command = async (script: "source" | "tail", args: string[]) => {
    const file = new URL(`cli/${script}.ts`, import.meta.url).pathname;
    const env = { PATH: process.env.PATH, KEYPULSE_FOLDER: folder };
    try {
      const { stdout, stderr } = await run(process.execPath, [file, ...args], { env });
      return { code: 0, stdout, stderr };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  };

  it("does all of it from the command line", async () => {
    const created = await command("source", [
      "create",
      "Shop system",
      "-c",
      "json",
      "--set",
      'expression={"id": id}',
      "--limit",
      "7",
    ]);
    expect(created.stdout).toMatch(/shop-system\n.*address\s+http.*\/hooks\/shop-system/s);
    expect(created.stdout).toMatch(/The secret, shown this once and never again:\n\n {2}[\w-]{43}\n/);
    const named = await command("source", ["create", "--connector", "shopify", "--name", "Our shop", "--json"]);
    expect(JSON.parse(named.stdout)).toMatchObject({ id: "our-shop", secrets: [], health: { health: "waiting" } });
    const expression =
      '{"id": id, "type": "order.placed", "occurred_at": $receivedAt, "identifiers": {"account_id": "acme"}, "properties": {"order_id": id, "amount": 5, "currency": "EUR"}}';
    const edited = await command("source", [
      "edit",
      "shop-system",
      "--set",
      `expression=${expression}`,
      "--set",
      'sample={"id": "7"}',
      "--json",
    ]);
    expect(JSON.parse(edited.stdout)).toMatchObject({
      version: 2,
      requests_a_second: 7,
      settings: { expression, sample: '{"id": "7"}' },
    });
    const rotated = await command("source", ["rotate", "shop-system", "--overlap", "1"]);
    expect(rotated.stdout).toContain("The one before stays valid until");

    const tested = await command("source", ["test", "shop-system"]);
    expect(tested).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ client .*\n\nThe wiring works/) });
    const [list, shown, connectors, refused] = await Promise.all([
      command("source", ["list"]),
      command("source", ["show", "shop-system"]),
      command("source", ["connectors"]),
      command("source", ["rejected", "mapped"]),
    ]);
    expect(list.stdout).toMatch(/^source +health .*\n(.*\n)*shop-system +ok +1 /);
    expect(shown.stdout).toMatch(/last 24 hours +1 event: order\.placed 1/);
    expect(connectors.stdout).toMatch(/\nses +email +none +.*topic_arn\*/);
    expect(refused.stdout).toContain('{"id": "1"}');
    const draft = await command("source", ["plan", "shop-system", "--draft"]);
    expect(JSON.parse(draft.stdout)).toMatchObject({ events: { "order.placed": {} } });
    expect((await command("source", ["delete", "shop-system", "--yes"])).stdout).toContain("is taken away");
  });

  it("says in words what is wrong, and ends with 1 or 2", async () => {
    const [wrong, unknown, usage, noConsole] = await Promise.all([
      command("source", ["create", "x", "-c", "ses", "--set", "topic=1"]),
      command("source", ["show", "nobody"]),
      command("source", ["list", "--colour"]),
      run(process.execPath, [new URL("cli/source.ts", import.meta.url).pathname, "list"], {
        env: { PATH: process.env.PATH, KEYPULSE_FOLDER: join(folder, "nothing") },
      }).catch((error) => error as { code: number; stderr: string }),
    ]);
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/settings\.topic: is no setting.*\n +settings\.topic_arn/),
    });
    expect(unknown).toMatchObject({ code: 1, stderr: 'There is no source with the id "nobody"\n' });
    expect(usage).toMatchObject({ code: 2, stderr: expect.stringContaining("--colour") });
    expect(noConsole).toMatchObject({ code: 1, stderr: expect.stringContaining("npm start") });
  });

  it("tails what arrives, a line each", async () => {
    const file = new URL("cli/tail.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [file, "--source", "signed", "--minutes", "5"], {
      env: { PATH: process.env.PATH, CONSOLE_URL: world.url, KEYPULSE_API_TOKEN: apiToken },
    });
    let printed = "";
    child.stdout.on("data", (chunk) => {
      printed += chunk;
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    try {
      await eventually(
        async () => printed,
        (text) => text.includes("web.page_viewed"),
      );
      expect(printed).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ✓ web\.page_viewed .*url=https:\/\/keypulse\.example/m);
      const before = printed.length;
      expect((await test("signed")).ok).toBe(true);
      await eventually(
        async () => printed.slice(before),
        (text) => text.includes("✓ web.page_viewed"),
      );
    } finally {
      child.kill("SIGINT");
    }
    expect(await ended).toBe(0);
  });
});
