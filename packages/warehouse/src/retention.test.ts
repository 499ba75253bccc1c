import { connectClickHouse } from "@keypulse/engines";
import { createTestWorld, eventually } from "@keypulse/testkit";
import { expect, it } from "vitest";
import { z } from "zod";
import { migrate, retentionSettingsShape } from "./index.ts";
import { applyRetention } from "./retention.ts";

const read = (text: string) => z.object(retentionSettingsShape).parse({ RETENTION_DAYS: text }).RETENTION_DAYS;

it("deletes events of a kind after its days, keeps the others, and stops when the setting goes", async () => {
  const world = await createTestWorld();
  const settings = { CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database };
  await migrate(settings, { timezone: "UTC", currency: "EUR" }, read("web=30,order=3650,rejected=90"));
  const clickhouse = connectClickHouse(settings, "test");
  const dayMs = 86_400_000;
  const row = (kind: string, daysAgo: number) => ({
    event_id: `${kind}-${daysAgo}`,
    kind,
    occurred_at: Date.now() - daysAgo * dayMs,
  });
  await clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    values: [row("web", 10), row("web", 31), row("email", 5_000), row("order", 400), row("order", 3_700)],
    clickhouse_settings: { async_insert: 0 },
  });
  const ids = async () => {
    await clickhouse.command({ query: "OPTIMIZE TABLE events FINAL" });
    const result = await clickhouse.query({
      query: "SELECT event_id FROM events ORDER BY event_id",
      format: "JSONEachRow",
    });
    return (await result.json<{ event_id: string }>()).map(({ event_id }) => event_id);
  };
  await eventually(ids, (found) => found.length === 3);
  expect(await ids()).toEqual(["email-5000", "order-400", "web-10"]);

  expect(await applyRetention(clickhouse, read("web=30,order=3650,rejected=90"))).toEqual([]);
  expect(await applyRetention(clickhouse, read(""))).toEqual([
    "events",
    "activity_daily",
    "source_hourly",
    "order_messages",
    "order_documents",
    "client_orders",
    "revenue_daily",
    "rejected_events",
  ]);
  await clickhouse.close();
});

it("says what is wrong with the setting", () => {
  expect(() => read("web")).toThrow(/web=400,email=800/);
  expect(() => read("fax=3")).toThrow(/fax=3.* does not/);
});
