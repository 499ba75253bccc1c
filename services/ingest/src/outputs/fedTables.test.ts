import { silentLogger } from "@keypulse/engines";
import { createTestWorkspace, eventually, type TestWorkspace } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FedTables } from "./fedTables.ts";

const never = new AbortController().signal;
const feeds = ["activity_daily", "order_messages", "order_payers", "source_hourly", "client_traits", "client_totals"];

describe("tables that views feed", () => {
  let workspace: TestWorkspace;
  let fedTables: FedTables;
  let pending: { topic: string; partition: number; first: number; last: number }[] = [];
  beforeAll(async () => {
    workspace = await createTestWorkspace();
    fedTables = new FedTables(workspace, workspace.world.redisPrefix, async () => pending, silentLogger);
  });
  afterAll(() => workspace.close());

  /** Orders and traits of four clients, a thousand rows from an offset on. */
  const insert = (first: number, count = 1_000) =>
    workspace.clickhouse.command({
      query: `INSERT INTO events SELECT * FROM (SELECT
          toUUID(concat('00000000-0000-8000-8000-00000000000', toString(number % 4))) AS client_key, client_key AS contact_key,
          toDateTime64('2026-03-01 00:00:00', 3, 'UTC') + number * 60 AS occurred_at, toString(offset) AS event_id,
          'shop' AS source, if(number % 10 = 0, 'identity', 'order') AS kind, if(number % 10 = 0, 'group', 'order.placed') AS type,
          number % 10 > 0 AS activity, toInt8(number % 10 > 0) AS revenue_sign, toString(number) AS order_id,
          toDecimal64(number, 4) AS amount, 'EUR' AS currency,
          if(number % 10 > 0, [('sku', '', '', toDecimal64(2, 4), toDecimal64(1.5, 4))], []) AS items,
          toUInt32(0) AS duration_seconds, '' AS direction, '' AS url, '' AS message_id, map() AS identifiers, if(number % 10 > 0, '{"payer":"p"}', '') AS properties,
          if(number % 10 = 0, '{"name":"Acme","size":5}', '') AS traits, 'orders' AS topic, toUInt32(0) AS partition,
          toUInt64(number) AS offset, now64(3) AS received_at, today() AS batch_date
        FROM numbers(${first}, ${count}))`,
    });
  const contents = async () => {
    const queries = [
      "SELECT 'activity', count(), sum(events), sum(active), min(first_at), max(last_at) FROM activity_daily FINAL",
      "SELECT 'orders', count(), sum(amount), uniqExact(event_id), sum(length(items)) FROM order_messages",
      "SELECT 'payers', count(), sum(amount), uniqExact(order_id) FROM order_payers FINAL",
      "SELECT 'hours', count(), sum(events), max(last_at) FROM source_hourly FINAL",
      "SELECT 'totals', count(), sum(events), min(first_at), max(last_active_at), max(last_order) FROM client_totals FINAL",
      "SELECT 'traits', count(), uniqExact(subject_key, occurred_at, trait) FROM client_traits",
    ];
    return Promise.all(queries.map((query) => workspace.rows(query)));
  };
  const withoutFeeding = async (work: () => Promise<unknown>) => {
    for (const feed of feeds) await workspace.clickhouse.command({ query: `DETACH TABLE feed_${feed}` });
    await work();
    for (const feed of feeds) await workspace.clickhouse.command({ query: `ATTACH TABLE feed_${feed}` });
  };
  const range = (first: number, last: number) => ({ topic: "orders", partition: 0, first, last });
  const note = (first: number, last: number) => fedTables.note(range(first, last), Date.UTC(2000, 0, 1));
  const untilMended = () =>
    eventually(
      () => fedTables.mend(),
      (short) => short !== undefined,
    );

  it("are made whole from events where ClickHouse lost what a view had written", async () => {
    await insert(0);
    await insert(1_000);
    const whole = await contents();
    for (const feed of feeds) await workspace.clickhouse.command({ query: `TRUNCATE TABLE ${feed}` });
    await workspace.clickhouse.command({ query: "TRUNCATE TABLE events" });

    await withoutFeeding(() => insert(0));
    await insert(1_000);
    expect(await contents()).not.toEqual(whole);
    await note(0, 999);
    // What an interrupted insert owes comes when it is repeated: added here too, it would count twice.
    pending = [range(0, 999)];
    expect(await fedTables.mend()).toBeUndefined();
    expect(await contents()).not.toEqual(whole);
    pending = [range(5_000, 5_999)];
    expect((await fedTables.mend())?.sort()).toEqual([...feeds].sort());
    expect(await contents()).toEqual(whole);
    await note(0, 999);
    expect(await fedTables.mend()).toEqual([]);
    expect(await contents()).toEqual(whole);
  });

  it("get nothing twice while others go on storing, and while two mend", async () => {
    await withoutFeeding(() => insert(2_000));
    let storing = true;
    let next = 3_000;
    const store = async () => {
      while (storing) {
        await fedTables.untilMended(never);
        await insert(next, 100);
        next += 100;
      }
    };
    const stored = store();
    await note(2_000, 2_499);
    await note(2_500, 2_999);
    await Promise.all([untilMended(), untilMended()]);
    storing = false;
    await stored;
    const [row] = await workspace.rows<Record<string, string>>(
      `SELECT toString(count()) AS events, toString((SELECT sum(events) FROM activity_daily)) AS activity,
        toString(sumIf(amount, kind = 'order')) AS amount, toString((SELECT sum(amount) FROM order_messages)) AS told,
        toString(sum(length(items))) AS items, toString((SELECT sum(length(items)) FROM order_messages)) AS lines,
        toString((SELECT sum(events) FROM source_hourly)) AS hours FROM events`,
    );
    expect(row).toMatchObject({ activity: row!.events, told: row!.amount, lines: row!.items, hours: row!.events });
  });

  it("are only looked at where ClickHouse was started after the events arrived", async () => {
    await fedTables.note(range(0, 1), Date.now() + 3_600_000);
    expect(await fedTables.mend()).toEqual([]);
    expect(await workspace.redis.keys(`${workspace.world.redisPrefix}to-mend`)).toEqual([]);
  });
});
