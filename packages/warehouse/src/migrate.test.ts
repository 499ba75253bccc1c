import { readdir, readFile } from "node:fs/promises";
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

  it("takes stores that an earlier text of a file made, where the file says so, and no others", async () => {
    const clickhouse = connectClickHouse(settings(), "test");
    const file = "0002_activity.sql";
    const text = await readFile(new URL(`../migrations/${file}`, import.meta.url), "utf8");
    const earlier = /^-- Formerly (\w{64}): /m.exec(text)![1]!;
    const setChecksum = async (checksum: string) =>
      await clickhouse.command({
        query: `ALTER TABLE schema_migrations UPDATE checksum = '${checksum}' WHERE name = '${file}' SETTINGS mutations_sync = 1`,
      });
    await setChecksum(earlier);
    expect(await migrate(settings(), workspace)).toEqual({ applied: [], views: 0 });
    await setChecksum("of another text");
    await expect(migrate(settings(), workspace)).rejects.toThrow(/0002_activity.sql was changed/);
    await setChecksum(earlier);
    await clickhouse.close();
  });

  it("leaves one alert open of those that several detectors had opened about one client", async () => {
    const clickhouse = connectClickHouse(settings(), "test");
    const client = (number: number): string => `a0000000-0000-4000-8000-00000000000${number}`;
    const at = (minute: number): string => `2026-03-01 10:0${minute}:00.000`;
    const alert = (id: number, of: number, detector: string, version: number, minute: number, state = "open") => ({
      ...{ id: client(id), client_id: client(of), version, detector, channel: "orders", state, reason: "No order" },
      ...{ opened_at: at(0), updated_at: at(minute), crossed_at: at(0), evidence: "{}", announced: true },
    });
    await clickhouse.insert({
      table: "alerts",
      values: [
        alert(1, 1, "silence", 1, 1),
        alert(1, 1, "silence", 2, 3),
        alert(2, 1, "activity_drop", 1, 2),
        alert(3, 1, "activity_drop", 1, 1),
        alert(3, 1, "activity_drop", 2, 4, "resolved"),
        alert(4, 2, "silence", 1, 1),
      ],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
    await clickhouse.command({
      query:
        "ALTER TABLE schema_migrations DELETE WHERE name = '0021_one_alert_a_cause.sql' SETTINGS mutations_sync = 1",
    });
    expect(await migrate(settings(), workspace)).toMatchObject({ applied: ["0021_one_alert_a_cause.sql"] });
    const result = await clickhouse.query({
      query: "SELECT id, version, state, toString(resolved_at) > '2026' AS is_over FROM alerts_latest ORDER BY id",
      format: "JSONEachRow",
    });
    expect(await result.json()).toEqual([
      { id: client(1), version: 2, state: "open", is_over: null },
      { id: client(2), version: 2, state: "resolved", is_over: 1 },
      { id: client(3), version: 2, state: "resolved", is_over: null },
      { id: client(4), version: 1, state: "open", is_over: null },
    ]);
    await clickhouse.close();
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
});
