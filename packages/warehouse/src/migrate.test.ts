import { readdir } from "node:fs/promises";
import { connectClickHouse } from "@keypulse/engines";
import { createTestWorld, type TestWorld } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "./index.ts";

const workspace = { timezone: "Europe/London", currency: "GBP" };

describe("migrate", () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await createTestWorld();
  });
  afterAll(async () => await world.drop());
  const settings = () => ({ CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database });

  it("applies each file once, also when several services start at once", async () => {
    const reports = await Promise.all([1, 2, 3].map(() => migrate(settings(), workspace)));
    const files = (await readdir(new URL("../migrations/", import.meta.url))).filter((file) => file.endsWith(".sql"));
    expect(reports.flatMap((report) => report.applied).toSorted()).toEqual(files.toSorted());
    expect(await migrate(settings(), workspace)).toEqual({ applied: [], views: 0 });
  });

  it("refuses to serve another currency or time zone than the tables were made for", async () => {
    await expect(migrate(settings(), { ...workspace, currency: "EUR" })).rejects.toThrow(/WORKSPACE_CURRENCY/);
  });

  it("comments on every table, view and column that an analyst sees", async () => {
    const clickhouse = connectClickHouse(settings(), "test");
    const result = await clickhouse.query({
      query: `SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = '' AND table NOT LIKE 'feed_%' AND table NOT LIKE '.%'
        UNION ALL SELECT name, '' FROM system.tables WHERE database = currentDatabase() AND comment = '' AND name NOT LIKE 'feed_%' AND name NOT LIKE '.%'`,
      format: "JSONEachRow",
    });
    expect(await result.json()).toEqual([]);
    await clickhouse.close();
  });

  describe("the analyst", () => {
    const ask = async (query: string): Promise<string> => {
      const { origin, username, password } = new URL(world.analystUrl);
      const response = await fetch(`${origin}/?database=${world.database}`, {
        method: "POST",
        body: query,
        headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` },
      });
      return (await response.text()).trim();
    };

    it("reads every view", async () => {
      for (const view of [
        "clients",
        "contacts",
        "timeline",
        "orders",
        "order_items",
        "activity_by_day",
        "activity_weekly",
        "sources",
        "rejected",
        "alerts_open",
        "identities",
      ]) {
        expect(await ask(`SELECT count() FROM ${view}`)).toBe("0");
      }
    });

    it.each([
      "INSERT INTO signals (id) VALUES (generateUUIDv4())",
      "DROP TABLE events",
      "ALTER TABLE events DELETE WHERE 1",
      "TRUNCATE TABLE events",
      "CREATE TABLE x (a UInt8) ENGINE = Memory",
      "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
      "SELECT * FROM file('/etc/passwd', LineAsString, 'a String')",
      "SELECT * FROM remote('127.0.0.1', system.one)",
      "SELECT * FROM s3('http://127.0.0.1:1/bucket/x', CSV, 'a String')",
      "SET max_execution_time = 100000",
      "SELECT 1 SETTINGS max_memory_usage = 0, readonly = 0",
      "SELECT count() FROM default.x",
      "SYSTEM SHUTDOWN",
    ])("can't %s", async (query) => {
      expect(await ask(query)).toMatch(/^Code: \d+.*(ACCESS_DENIED|READONLY|Not enough privileges|UNKNOWN_TABLE)/s);
    });

    it("is stopped when a query takes too much", async () => {
      expect(await ask("SELECT number FROM numbers(2000000) FORMAT Null")).toMatch(/TOO_MANY_ROWS/);
    });
  });
});
