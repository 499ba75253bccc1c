import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createCalendar } from "@keypulse/methods";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BacktestError, type BacktestHistory } from "./history.ts";
import { BacktestUsageError, readBacktestOptions } from "./options.ts";
import { reportPage } from "./page.ts";
import { readAbsences } from "./readAbsences.ts";
import { type CsvSettings, readCsv } from "./readCsv.ts";
import { createTimeReader } from "./readTime.ts";
import { runBacktest } from "./runBacktest.ts";
import { showReport } from "./tables.ts";

const settings: CsvSettings = {
  timeZone: "UTC",
  country: undefined,
  from: undefined,
  to: undefined,
  skipBadRows: false,
  nowMs: Date.parse("2026-06-01"),
  onProgress: () => {},
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keypulse-backtest-"));
});
afterAll(async () => await rm(folder, { recursive: true }));

async function read(content: string | Uint8Array, changed: Partial<CsvSettings> = {}) {
  const path = join(folder, "events.csv");
  await writeFile(path, content);
  return await readCsv(path, { ...settings, ...changed });
}

describe("a file of events", () => {
  const rows = [
    ["Client", "TIME", "Kind", "source", "amount"],
    ["acme", "2026-01-05T09:30:00Z", "order", "shop", "10.50"],
    ["acme", "2026-01-05T11:00:00+02:00", "email", "mail", ""],
    ["Müller, Söhne", "2026-01-07", "order.placed", "shop", "-3"],
  ];
  it.each([",", ";", "\t"])("is read whatever divides it (%j), with names in any case", async (delimiter) => {
    const quoted = rows.map((row) => row.map((cell) => (cell.includes(",") ? `"${cell}"` : cell)).join(delimiter));
    const history = await read(`\uFEFF${quoted.join("\r\n")}\r\n\r\n`);
    expect(history).toMatchObject({ events: 3, untilMs: Date.parse("2026-01-08") });
    expect(history.channels.map(({ name, clients }) => [name, clients.length])).toEqual([
      ["orders", 2],
      ["all", 2],
    ]);
    const acme = history.channels[1]!.clients.find(({ client }) => client === "acme")!;
    expect(acme).toMatchObject({ counts: [2], firstMs: [Date.parse("2026-01-05T09:00:00Z")] });
    expect(Object.fromEntries(acme.sourceShares)).toEqual({ shop: 0.5, mail: 0.5 });
    expect(history.revenue.get("Müller, Söhne")).toEqual([{ atMs: Date.parse("2026-01-07"), amount: -3 }]);
    expect([...history.sourceHours.keys()]).toEqual(["shop", "mail"]);
  });

  it("may be packed, cut by --from and --to, and needs only client and time", async () => {
    const packed = gzipSync("customer_id,date\na,2026-01-01\na,2026-01-02\nb,2026-01-09\n");
    const history = await read(packed, { from: "2026-01-02", to: "2026-01-05" });
    expect(history.events).toBe(1);
    expect(history.channels.map(({ name }) => name)).toEqual(["all"]);
    expect(history.untilMs).toBe(Date.parse("2026-01-05"));
    expect(history.notes).toEqual(["2 rows outside --from and --to were left out"]);
  });

  it("is refused with the lines of its bad rows, or read without them", async () => {
    const bad =
      'client,time,amount\na,2026-01-01,1\n,2026-01-01,1\n"b\nc",01/02/2026,1\nd,2026-02-30,1\ne,2027-01-01,1\nf,2026-01-01,x\n';
    const refused = read(bad);
    await expect(refused).rejects.toThrow(BacktestError);
    await expect(refused).rejects.toThrow(
      /5 bad rows:\n {2}line 3: no client\n {2}line 5: "01\/02\/2026" is no ISO time.*\n {2}line 6: "2026-02-30".*\n {2}line 7: 2027-01-01 is still to come\n {2}line 8: amount "x" is no number\n.*--skip-bad-rows/,
    );
    expect(await read(bad, { skipBadRows: true })).toMatchObject({ events: 1, notes: ["5 bad rows were left out"] });
  });

  it("says which columns it wants", async () => {
    await expect(read("when,who\n1,2\n")).rejects.toThrow(
      /no column client and time among when, who \(divided by ","\)/,
    );
    await expect(read("client,time\n")).rejects.toThrow(/has no events/);
  });
});

describe("known absences", () => {
  it("are read by client, and an unusable row is named", async () => {
    const path = join(folder, "absences.csv");
    await writeFile(path, "Client;From;To\nacme;2026-01-05;2026-01-19\nacme;2026-05-01;\n");
    expect(await readAbsences(path, "UTC")).toEqual(
      new Map([
        [
          "acme",
          [
            { startMs: Date.parse("2026-01-05"), endMs: Date.parse("2026-01-19") },
            { startMs: Date.parse("2026-05-01"), endMs: undefined },
          ],
        ],
      ]),
    );
    await writeFile(path, "client,from,to\nacme,2026-01-05,2026-01-01\n");
    await expect(readAbsences(path, "UTC")).rejects.toThrow(/absences.csv, row 1 below the header/);
  });

  it("are not held against a client", async () => {
    const lines = ["client,time"];
    for (let client = 0; client < 30; client++) {
      for (let day = client % 2; day < 500; day += 2) {
        if (client === 3 && day >= 300 && day < 328) continue;
        lines.push(`c${client},${new Date(Date.UTC(2024, 0, 1 + day, 9, client)).toISOString()}`);
      }
    }
    const history = await read(lines.join("\n"));
    const options = readBacktestOptions(["--plants", "0"]);
    const away = { startMs: Date.UTC(2024, 0, 301), endMs: Date.UTC(2024, 0, 329) };
    const sent = async (absences: BacktestHistory["absences"] = new Map()) =>
      (await runBacktest({ ...history, absences }, options, async () => {})).alerts.map(({ client }) => client);
    expect(new Set(await sent())).toEqual(new Set(["c3"]));
    expect(await sent(new Map([["c3", [away]]]))).toEqual([]);
  });
});

it("times without a zone are by the clocks of the zone that is named, also in summer", () => {
  const berlin = createTimeReader(createCalendar("Europe/Berlin"));
  expect(berlin("2026-01-31 09:30")).toBe(Date.parse("2026-01-31T08:30:00Z"));
  expect(berlin("2026-07-31T09:30:15.5")).toBe(Date.parse("2026-07-31T07:30:15.500Z"));
  expect(berlin("2026-07-31T09:30:00-0500")).toBe(Date.parse("2026-07-31T14:30:00Z"));
  expect(berlin("2026-03-29")).toBe(Date.parse("2026-03-28T23:00:00Z"));
  expect(berlin("yesterday")).toBeUndefined();
});

it("refuses options that make no sense, in a sentence", () => {
  expect(readBacktestOptions(["--budget", "0.1"]).budgets).toEqual([0.1, 0.25, 0.5]);
  for (const args of [["file.csv"], ["--budget", "0"], ["--seed", "x"], ["--to", "31.1.2026"], ["--nonsense"]]) {
    expect(() => readBacktestOptions(args)).toThrow(BacktestUsageError);
  }
  expect(() => readBacktestOptions(["--from", "2026-02-01", "--to", "2026-01-01"])).toThrow(/must lie before/);
});

describe("the report", () => {
  it("is the same for the same seed, finds the client that left, and is a page of its own", async () => {
    const lines = ["client,time,amount"];
    for (let client = 0; client < 40; client++) {
      for (let day = client % 3; day < 700; day += 2 + (client % 5)) {
        if (client === 7 && day > 400) break;
        const time = new Date(Date.UTC(2024, 0, 1 + day, 9 + (day % 8), client)).toISOString();
        lines.push(`<b>client ${client}</b>,${time},10`);
      }
    }
    const history = await read(lines.join("\n"));
    const options = readBacktestOptions(["--plants", "15"]);
    const report = await runBacktest(history, options, async () => {});
    expect(await runBacktest(history, options, async () => {})).toEqual(report);
    expect(new Set(report.alerts.map(({ client }) => client))).toEqual(new Set(["<b>client 7</b>"]));
    const [first] = report.alerts;
    expect(first).toMatchObject({ channel: "all", verdict: "real_drop" });
    expect(Date.parse(first!.time)).toBeGreaterThan(Date.UTC(2024, 0, 1 + 400));
    expect(Date.parse(first!.time)).toBeLessThan(Date.UTC(2024, 0, 1 + 400 + 35));
    expect(showReport(report)).toContain("drop score, fast");
    const page = reportPage(report);
    expect(page).toContain("&lt;b&gt;client 7");
    expect(page).not.toMatch(/<script|https?:\/\/|<b>client|NaN|undefined/);
  });
});
