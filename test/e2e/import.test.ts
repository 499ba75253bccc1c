import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePorts } from "@keypulse/infra";
import {
  createTestWorkspace,
  eventually,
  type ServiceProcess,
  startService,
  type TestWorkspace,
} from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const samples = new URL("../../packages/connectors/src/files/samples/", import.meta.url);
const command = new URL("../../infra/src/cli/import.ts", import.meta.url).pathname;

describe("npm run import", () => {
  const folder = mkdtempSync(join(tmpdir(), "keypulse-import-"));
  let workspace: TestWorkspace;
  let ingest: ServiceProcess;
  /** An import that waits for a Kafka that never answers, beside all others. */
  let away: ReturnType<typeof start>["result"];

  beforeAll(async () => {
    cpSync(samples, folder, { recursive: true });
    workspace = await createTestWorkspace();
    const [port] = await freePorts(1);
    away = start(["onlineRetail.csv"], { KAFKA_BROKERS: `127.0.0.1:${port}` }).result;
    ingest = await startService("ingest", workspace.environment);
  });
  afterAll(async () => {
    await ingest?.stop();
    await workspace?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(args: string[], environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, [command, ...args], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        NODE_OPTIONS: "--disable-warning=TimeoutNegativeWarning",
        KEYPULSE_FOLDER: join(folder, "keypulse"),
        ...workspace.environment,
        ...environment,
      },
    });
    const result = Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]).then(
      ([[code], out, err]) => ({ code: code as number | null, out, err }),
    );
    return { child, result };
  }
  const run = (...args: string[]) => start(args).result;
  const report = async (...args: string[]) => {
    const { code, out, err } = await run(...args, "--json");
    expect(err).toContain("✓");
    expect(code).toBe(0);
    return JSON.parse(out);
  };

  const write = (name: string, contents: string | Buffer): void => writeFileSync(join(folder, name), contents);
  const stored = async (source: string) => {
    const [row] = await workspace.rows<{ events: number; revenue: string }>(
      `SELECT count() AS events, toString(sum(amount * revenue_sign)) AS revenue FROM events WHERE source = '${source}'`,
    );
    return row!;
  };
  const untilStored = (source: string, events: number) =>
    eventually(
      () => stored(source),
      (row) => row.events >= events,
    );
  const rejected = (source: string) =>
    workspace.rows<{ reason: string; detail: string; bytes: string }>(
      `SELECT reason, detail, bytes FROM rejected WHERE source = '${source}' ORDER BY offset`,
    );

  it("takes an Online Retail file into ClickHouse, once, however often it is imported", async () => {
    const first = await report("onlineRetail.csv", "--source", "retail");
    expect(first).toMatchObject({
      outcome: "done",
      sourceCreated: true,
      eventsOfThisRun: 5,
      tally: { lines: 9, orders: 5, money: { GBP: { placed: "199.98", takenBack: "27.50" } } },
    });
    expect(await untilStored("retail", 5)).toEqual({ events: 5, revenue: "172.48" });
    const [setting] = await workspace.rows<{ value: string }>("SELECT value FROM settings WHERE id = 'retail'");
    expect(JSON.parse(setting!.value)).toMatchObject({ connector: "file", name: "onlineRetail.csv", state: "active" });

    const second = await run("onlineRetail.csv", "--source", "retail");
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining("nothing was sent now") });
    expect(await report("onlineRetail.csv", "--source", "retail", "--again")).toMatchObject({
      outcome: "done",
      sourceCreated: false,
      eventsOfThisRun: 5,
    });
    await eventually(
      () => workspace.rows<{ n: number }>("SELECT count() AS n FROM duplicate_events WHERE source = 'retail'"),
      ([row]) => row?.n === 5,
    );
    expect(await stored("retail")).toEqual({ events: 5, revenue: "172.48" });
  });

  it("takes a Shopify export, by its file's name", async () => {
    const { code, out } = await run("shopifyOrders.csv");
    expect(code).toBe(0);
    expect(out).toContain("The source shopifyorders is new");
    expect(out).toContain("45.00 EUR placed, 5.00 EUR taken back");
    expect(await untilStored("shopifyorders", 3)).toMatchObject({ events: 3 });
    expect(
      await workspace.rows(
        "SELECT type, toUInt32(count()) AS n FROM events WHERE source = 'shopifyorders' GROUP BY 1 ORDER BY 1",
      ),
    ).toEqual([
      { type: "order.placed", n: 1 },
      { type: "order.updated", n: 2 },
    ]);
  });

  it("goes on where Ctrl-C stopped it or a kill cut it off", async () => {
    const invoices = 4_000;
    const lines = Array.from({ length: invoices }, (_, order) =>
      Array.from(
        { length: 12 },
        (_, line) => `${600_000 + order},S${line}7,LANTERN OF ROOM ${line},2,1/5/2011 9:30,1.25,C${order % 50},France`,
      ),
    );
    write(
      "long.csv",
      ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country", ...lines.flat()].join("\n"),
    );
    const imports = join(folder, "keypulse", "data", "imports");
    const acknowledged = (): number =>
      Math.max(
        0,
        ...(existsSync(imports) ? readdirSync(imports) : [])
          .filter((name) => name.endsWith(".json"))
          .map((name) => JSON.parse(readFileSync(join(imports, name), "utf8")))
          .filter(({ file }) => file === "long.csv")
          .map(({ tally }) => tally.orders),
      );
    const cutOff = async (signal: NodeJS.Signals) => {
      const before = acknowledged();
      const { child, result } = start(["long.csv"]);
      await eventually(
        async () => acknowledged(),
        (orders) => orders > before,
        20_000,
        2,
      );
      child.kill(signal);
      return await result;
    };
    expect(await cutOff("SIGINT")).toMatchObject({ code: 130, out: expect.stringContaining("goes on from there") });
    const afterInterrupt = acknowledged();
    await cutOff("SIGKILL");
    const afterKill = acknowledged();
    expect(afterKill).toBeGreaterThan(afterInterrupt);
    expect(afterKill).toBeLessThan(invoices);

    expect(await report("long.csv")).toMatchObject({
      outcome: "done",
      eventsOfThisRun: invoices - afterKill,
      tally: { events: invoices, lines: invoices * 12 + 1, money: { GBP: { placed: "120000.00" } } },
    });
    expect(await untilStored("long", invoices)).toEqual({ events: invoices, revenue: "120000" });
    const { length } = await workspace.rows("SELECT event_id FROM events WHERE source = 'long' GROUP BY 1");
    expect(length).toBe(invoices);
  });

  it("takes any table by a mapping: semicolons, decimal commas, a time zone, an old encoding", async () => {
    write("erp.csv", Buffer.from(readFileSync(new URL("erp.csv", samples), "utf8"), "latin1"));
    await report("erp.csv", "--mapping", "erp.yaml");
    expect(await untilStored("erp", 4)).toMatchObject({ events: 4 });
    // The clocks went forward in between: half an hour apart, not two and a half.
    expect(
      await workspace.rows(
        "SELECT toString(occurred_at) AS at, amount, client_key != toUUID('00000000-0000-0000-0000-000000000000') AS known FROM events WHERE source = 'erp' AND type = 'order.updated' ORDER BY occurred_at",
      ),
    ).toEqual([
      { at: "2026-03-29 00:30:00.000", amount: "2478.9", known: 1 },
      { at: "2026-03-29 01:30:00.000", amount: "4.95", known: 1 },
    ]);
  });

  it("sends nothing in a dry run", async () => {
    const ends = async () => {
      const admin = workspace.kafka.admin();
      await admin.connect();
      const offsets = await admin.fetchTopicOffsets(workspace.topics.events.order);
      await admin.disconnect();
      return offsets.map(({ offset }) => offset);
    };
    const before = await ends();
    const { code, out } = await run("stripePayments.csv", "--dry-run", "--rows", "1");
    expect(code).toBe(0);
    expect(out).toContain("stripepayments (would be made)");
    expect(out).toContain("order.placed 2, order.updated 2");
    expect(out).toMatch(
      /2 {2}2026-01-02 03:04:05 {2}order.placed {2}user_id stripe:customer:cus_Na6 {2}29.35 EUR {2}ch_1:placed\n/,
    );
    expect(await ends()).toEqual(before);
    expect(await workspace.rows("SELECT id FROM settings WHERE id = 'stripepayments'")).toEqual([]);
  });

  it("keeps what it refuses, as a file by itself, with the reason and the line", async () => {
    const plain = readFileSync(new URL("shopifyOrders.csv", samples), "utf8");
    write(
      "damaged.csv",
      plain.replace("5778367414385", "5.77837E+12").replace(/EUR(,\d+\.\d+,\d+\.\d+,\d+\.\d+,12\.00)/, "EURO$1"),
    );
    const { code, out } = await run("damaged.csv");
    expect(code).toBe(0);
    expect(out).toMatch(/malformed 1\n\s+line 2 +Id: a spreadsheet program has rounded it/);
    expect(out).toMatch(/invalid 1\n\s+line 5 .*ISO 4217/);
    const rows = await eventually(
      () => rejected("damaged"),
      ({ length }) => length === 2,
    );
    expect(rows).toMatchObject([
      { reason: "malformed", detail: expect.stringMatching(/rounded it.*\(line 2 of damaged\.csv\)$/) },
      { reason: "invalid", detail: expect.stringMatching(/ISO 4217.*\(line 5 of damaged\.csv\)$/) },
    ]);
    // Sent again they would be refused again: they are mended as a file, and what is taken then counts once.
    write("mended.csv", rows[0]!.bytes.replace("5.77837E+12", "5778367414385"));
    expect(await report("mended.csv", "--source", "damaged")).toMatchObject({ eventsOfThisRun: 2 });
    await run("damaged.csv", "--again");
    await untilStored("damaged", 2);
    expect(await rejected("damaged")).toHaveLength(2);
  });

  it("says in words why a file can't be imported", async () => {
    write("empty.csv", "");
    write("orders.xlsx", "PK\x03\x04…");
    const header = "Order,Date,Client,Total";
    write("unknown.csv", `${header}\n1,2026-01-02,acme,10\n`);
    const hopeless = Array.from({ length: 150 }, (_, order) => `${order},on Monday,acme,10`);
    write("hopeless.csv", [header, ...hopeless].join("\n"));
    const words = async (...args: string[]) => {
      const { code, err } = await run(...args);
      expect(code).toBe(1);
      return err.trim();
    };
    const [none, empty, workbook, unknown] = await Promise.all(
      ["none.csv", "empty.csv", "orders.xlsx", "unknown.csv"].map((name) => words(name)),
    );
    expect(none).toMatch(/^There is no file .*none\.csv\.$/);
    expect(empty).toMatch(/empty\.csv is empty\.$/);
    expect(workbook).toMatch(/is an Excel workbook or a ZIP archive: save it as CSV/);
    // The draft that it prints is a mapping that works.
    const draft = /\n\n((?: {2}.*\n)+)/.exec(unknown!)?.[1] ?? "";
    write("draft.yaml", draft);
    expect(await words("hopeless.csv", "--mapping", "draft.yaml")).toMatch(
      /^None of the first 100 orders .* nothing was sent\. Line 2: Date: is not a time/,
    );
    expect(await report("unknown.csv", "--mapping", "draft.yaml", "--dry-run")).toMatchObject({ tally: { events: 2 } });
    expect(await run("onlineRetail.csv", "--format", "excel")).toMatchObject({ code: 2 });
    const { code, err } = await away;
    expect(err).toMatch(/Kafka does not answer within 10 s at 127\.0\.0\.1:\d+\. Start Keypulse first/);
    expect(code).toBe(1);
  });
});
