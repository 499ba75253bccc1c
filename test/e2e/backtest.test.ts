import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestWorkspace, seededRandom, type TestWorkspace } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBacktestOptions } from "../../infra/src/backtest/options.ts";
import { readCsv } from "../../infra/src/backtest/readCsv.ts";
import { readWarehouse } from "../../infra/src/backtest/readWarehouse.ts";
import { runBacktest } from "../../infra/src/backtest/runBacktest.ts";

const dayMs = 86_400_000;
const clientOf = (n: number): string => `0000000${n}-0000-4000-8000-000000000000`;

describe("a backtest of the warehouse", () => {
  let workspace: TestWorkspace;
  let folder: string;
  beforeAll(async () => {
    workspace = await createTestWorkspace();
    folder = await mkdtemp(join(tmpdir(), "keypulse-backtest-"));
  });
  afterAll(async () => {
    await workspace?.close();
    await rm(folder, { recursive: true });
  });

  it("is that of a file with the same events", async () => {
    const random = seededRandom(1);
    const start = Date.UTC(2024, 0, 1);
    const events = Array.from({ length: 9 }, (_, n) =>
      Array.from({ length: 500 }, (_, day) => day)
        .filter((day) => random() < 0.3 && !(n === 4 && day > 300))
        .map((day) => ({
          client: clientOf(n + 1),
          atMs: start + day * dayMs + Math.floor((8 + 10 * random()) * 3_600_000),
          isOrder: random() < 0.5,
        })),
    ).flat();
    const time = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");
    await workspace.clickhouse.insert({
      table: "activity_daily",
      format: "JSONEachRow",
      values: events.map(({ client, atMs, isOrder }) => ({
        client_key: client,
        contact_key: client,
        day: time(atMs).slice(0, 10),
        kind: isOrder ? "order" : "email",
        type: isOrder ? "order.placed" : "email.replied",
        source: isOrder ? "shop" : "mail",
        events: 1,
        active: 1,
        first_at: time(atMs),
        last_at: time(atMs),
      })),
    });
    await workspace.clickhouse.insert({
      table: "source_hourly",
      format: "JSONEachRow",
      values: events.map(({ atMs, isOrder }) => ({
        source: isOrder ? "shop" : "mail",
        kind: isOrder ? "order" : "email",
        hour: time(Math.floor(atMs / 3_600_000) * 3_600_000).slice(0, 19),
        events: 1,
        last_at: time(atMs),
        last_received_at: time(atMs),
      })),
    });
    await workspace.clickhouse.insert({
      table: "revenue_daily",
      format: "JSONEachRow",
      values: [
        { client_key: clientOf(5), day: "2024-09-01", currency: "EUR", orders: 0, gross: "500", returned: "20" },
        ...events
          .filter(({ isOrder }) => isOrder)
          .map(({ client, atMs }) => ({
            ...{ client_key: client, day: time(atMs).slice(0, 10), currency: "EUR", source: "shop", orders: 1 },
            ...{ first_order: time(atMs), last_order: time(atMs) },
          })),
      ],
    });
    const path = join(folder, "events.csv");
    const lines = events.map(
      ({ client, atMs, isOrder }) =>
        `${client},${new Date(atMs).toISOString()},${isOrder ? "order" : "email"},${isOrder ? "shop" : "mail"}`,
    );
    await writeFile(path, ["client,time,kind,source", ...lines].join("\n"));

    const range = {
      country: undefined,
      from: undefined,
      to: "2025-05-01",
      timeZone: "UTC",
      nowMs: Date.UTC(2026, 0, 1),
    };
    const stored = await readWarehouse(workspace.clickhouse, {
      ...range,
      currency: "EUR",
      segmentBy: "industry",
    });
    const read = await readCsv(path, { ...range, skipBadRows: false, onProgress: () => {} });
    const sorted = ({ channels }: typeof read) =>
      channels.map(({ name, clients }) => ({
        name,
        clients: clients
          .map((client) => ({ ...client, sourceShares: Object.fromEntries([...client.sourceShares].sort()) }))
          .sort((a, b) => (a.client < b.client ? -1 : 1)),
      }));
    expect(sorted(stored)).toEqual(sorted(read));
    expect([stored.events, stored.untilMs]).toEqual([read.events, read.untilMs]);
    expect(new Map([...stored.sourceHours].sort())).toEqual(new Map([...read.sourceHours].sort()));
    expect(stored.revenue.get(clientOf(5))!.filter(({ amount }) => amount !== 0)).toEqual([
      { atMs: Date.UTC(2024, 8, 1), amount: 480 },
    ]);

    const options = readBacktestOptions(["--plants", "5"]);
    const alerts = (await runBacktest(stored, options, async () => {})).alerts;
    const silence = alerts.find(({ client, signal }) => client === clientOf(5) && signal === "silence");
    expect(silence).toMatchObject({ money_at_stake: 480, verdict: "real_drop", ended: null });
  });
});
