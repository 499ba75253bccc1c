import { createTestWorkspace, type TestWorkspace } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { usualRules } from "../rules.ts";
import { OrderTables } from "./orderTables.ts";
import { settleAll } from "./settleAll.ts";

const [ana, bob, nobody] = ["a", "b", "0"].map((digit) => `${digit.repeat(8)}-0000-8000-8000-${digit.repeat(12)}`) as [
  string,
  string,
  string,
];

describe("tables of orders", () => {
  let workspace: TestWorkspace;
  let offset = 0;
  beforeAll(async () => {
    workspace = await createTestWorkspace({ settings: { WORKSPACE_TIMEZONE: "Europe/Berlin" } });
  });
  afterAll(() => workspace.close());

  const event = (order: string, type: string, day: string, given: Record<string, unknown> = {}) => ({
    client_key: ana,
    contact_key: ana,
    occurred_at: `2026-01-${day} 23:30:00.000`,
    event_id: `e-${offset}`,
    source: "shop",
    kind: "order",
    type,
    order_id: order,
    currency: "EUR",
    topic: "events.order",
    offset: offset++,
    received_at: `2026-01-${day} 23:30:00.000`,
    batch_date: `2026-01-${day}`,
    ...given,
  });
  const store = (...values: object[]) =>
    workspace.clickhouse.insert({
      table: "events",
      values,
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
  const revenue = () =>
    workspace.rows(
      `SELECT toString(day) AS day, client_key AS client, toInt32(sum(d.orders)) AS orders, toFloat64(sum(d.gross)) AS gross, toFloat64(sum(d.returned)) AS returned
       FROM revenue_daily AS d GROUP BY day, client_key HAVING orders != 0 OR gross != 0 OR returned != 0 ORDER BY day, client`,
    );

  it("hold what an order's messages come to, whichever came first, and only what changed is added", async () => {
    const refund = { client_key: nobody, contact_key: nobody, amount: "20", properties: '{"refund_id":"r"}' };
    await store(event("1", "order.refunded", "12", refund));
    await settleAll(workspace.clickhouse);
    expect(await revenue()).toEqual([{ day: "2026-01-13", client: nobody, orders: 0, gross: 0, returned: 20 }]);

    await store(
      event("1", "order.placed", "10", {
        amount: "100",
        items: [{ sku: "LAMP", name: "Lamp", category: "", quantity: "1", unit_price: "100" }],
      }),
    );
    await settleAll(workspace.clickhouse);
    const whole = [
      { day: "2026-01-11", client: ana, orders: 1, gross: 100, returned: 0 },
      { day: "2026-01-13", client: ana, orders: 0, gross: 0, returned: 20 },
    ];
    expect(await revenue()).toEqual(whole);
    expect(await settleAll(workspace.clickhouse)).toBe(0);
    expect(await revenue()).toEqual(whole);

    expect(
      await workspace.rows(
        "SELECT order_id, state, toFloat64(amount) AS amount, toFloat64(revenue_net) AS net, why, lines, messages FROM orders",
      ),
    ).toEqual([{ order_id: "1", state: "placed", amount: 100, net: 80, why: "a sale: placed", lines: 1, messages: 2 }]);
    expect(
      await workspace.rows(
        "SELECT step, type, says, toFloat64(revenue_net) AS net, toFloat64(change) AS change FROM order_history ORDER BY step",
      ),
    ).toEqual([
      { step: 1, type: "order.placed", says: "100.00 EUR, 1 line", net: 100, change: 100 },
      { step: 2, type: "order.refunded", says: "r, 20.00 EUR", net: 80, change: -20 },
    ]);
    expect(
      await workspace.rows(
        "SELECT type, refund_id, toFloat64(amount) AS amount, toString(day) AS day FROM order_movements ORDER BY day",
      ),
    ).toEqual([
      { type: "order.placed", refund_id: "", amount: 100, day: "2026-01-11" },
      { type: "order.refunded", refund_id: "r", amount: -20, day: "2026-01-13" },
    ]);
  });

  it("move with the order's owner", async () => {
    await store(event("1", "order.updated", "14", { client_key: bob, contact_key: bob, amount: "100" }));
    await settleAll(workspace.clickhouse);
    expect((await revenue()).map((row) => (row as { client: string }).client)).toEqual([bob, bob]);
    expect(await workspace.rows("SELECT client_id, order_id FROM orders")).toEqual([{ client_id: bob, order_id: "1" }]);
    expect(await workspace.rows("SELECT client_id, quantity::Float64 AS quantity FROM order_items")).toEqual([
      { client_id: bob, quantity: 1 },
    ]);
  });

  it("count a payment in the bill that it pays, whichever is settled first", async () => {
    const payer = (more = {}) => JSON.stringify({ payer: "cus_1", ...more });
    await store(event("pi_1", "order.paid", "15", { amount: "50", properties: payer() }));
    await settleAll(workspace.clickhouse);
    const counting = () => workspace.rows("SELECT order_id, part_of FROM orders WHERE counts AND order_id != '1'");
    expect(await counting()).toEqual([{ order_id: "pi_1", part_of: "" }]);
    await store(
      event("in_1", "order.updated", "15", { amount: "50", properties: payer({ state: "paid" }) }),
      event("in_1", "invoice.paid", "15", { amount: "50", properties: payer() }),
    );
    const tables = new OrderTables(workspace.clickhouse, usualRules);
    const { clientKeys } = await tables.settle([{ source: "shop", orderId: "in_1" }], "a token");
    expect(clientKeys).toEqual([ana]);
    expect(await counting()).toEqual([{ order_id: "in_1", part_of: "" }]);
    expect(
      await workspace.rows(
        `SELECT number, billed_by, state, toFloat64(amount_owed) AS owed FROM payments WHERE client_id = '${ana}'`,
      ),
    ).toEqual([{ number: "in_1", billed_by: "invoice", state: "paid", owed: 0 }]);
  });

  it("take back of a bill's payment what the bill counted, whichever is settled first", async () => {
    const rules = { ...usualRules, without: ["tax" as const] };
    const tables = new OrderTables(workspace.clickhouse, rules);
    const settle = (orderId: string, token: string) => tables.settle([{ source: "shop", orderId }], token);
    const net = () =>
      workspace.rows(
        "SELECT order_id, toFloat64(revenue_net) AS net FROM orders WHERE order_id IN ('in_9', 'ch_9') ORDER BY order_id",
      );
    await store(
      event("ch_9", "order.refunded", "18", {
        amount: "59.5",
        properties: '{"refund_id":"re_9","part_of":"in_9"}',
      }),
    );
    await settle("ch_9", "payment first");
    expect(await net()).toEqual([{ order_id: "ch_9", net: -59.5 }]);
    await store(event("in_9", "order.placed", "17", { amount: "119", properties: '{"tax":"19"}' }));
    await settle("in_9", "then the bill");
    expect(await net()).toEqual([
      { order_id: "ch_9", net: -50 },
      { order_id: "in_9", net: 100 },
    ]);
    await store(event("in_9", "order.updated", "19", { amount: "119", properties: '{"tax":"19","state":"failed"}' }));
    await settle("in_9", "that never was");
    expect(await net()).toEqual([
      { order_id: "ch_9", net: 0 },
      { order_id: "in_9", net: 0 },
    ]);
    await workspace.clickhouse.command({ query: "DELETE FROM events WHERE order_id IN ('in_9', 'ch_9')" });
    for (const table of ["order_messages", "order_documents", "client_orders"]) {
      await workspace.clickhouse.command({ query: `DELETE FROM ${table} WHERE order_id IN ('in_9', 'ch_9')` });
    }
  });

  it("are settled anew by other rules", async () => {
    expect(await settleAll(workspace.clickhouse, { ...usualRules, saleFrom: "fulfilled" })).toBe(3);
    expect(await workspace.rows("SELECT order_id FROM orders WHERE counts")).toEqual([]);
    await settleAll(workspace.clickhouse);
    expect(await workspace.rows("SELECT order_id FROM orders WHERE counts ORDER BY order_id")).toEqual([
      { order_id: "1" },
      { order_id: "in_1" },
    ]);
  });

  it("are made whole where a crash of ClickHouse left them in parts, and are left alone where they are", async () => {
    const before = await revenue();
    const refs = ["1", "in_1"].map((orderId) => ({ source: "shop", orderId }));
    const tables = new OrderTables(workspace.clickhouse, usualRules);
    expect(await tables.mend(refs, "m0")).toEqual([]);
    await workspace.clickhouse.command({ query: "TRUNCATE TABLE revenue_daily" });
    await workspace.clickhouse.command({ query: "TRUNCATE TABLE client_orders" });
    expect(await tables.mend(refs, "m1")).toEqual(expect.arrayContaining([bob]));
    expect(await revenue()).toEqual(before);
    expect(await workspace.rows("SELECT order_id FROM orders WHERE order_id = '1'")).toEqual([{ order_id: "1" }]);
    await workspace.clickhouse.command({ query: "TRUNCATE TABLE order_documents" });
    await workspace.clickhouse.command({ query: "TRUNCATE TABLE revenue_daily" });
    expect(await tables.mend(refs, "m2")).toEqual(expect.arrayContaining([bob]));
    expect(await revenue()).toEqual(before);
  });

  it("take ids that quotes and backslashes are in", async () => {
    const id = `o'; DROP TABLE events; -- \\ "x"`;
    await store(event(id, "order.placed", "20", { amount: "7", source: "it's" }));
    expect(await settleAll(workspace.clickhouse)).toBe(1);
    expect(
      await workspace.rows(`SELECT source, toFloat64(revenue_net) AS net FROM orders WHERE source = 'it''s'`),
    ).toEqual([{ source: "it's", net: 7 }]);
  });
});
