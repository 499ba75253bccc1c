import { createTestWorkspace, type TestWorkspace } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCosts } from "../costs/readCosts.ts";
import { storeCosts } from "../costs/storeCosts.ts";
import { readRates } from "../rates/readRates.ts";
import { storeRates } from "../rates/storeRates.ts";

const key = (number: number): string => `a0000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const today = new Date().toISOString().slice(0, 10);
const dayBefore = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

describe("tables that commands load", () => {
  let workspace: TestWorkspace;
  let offset = 0;
  const order = (client: number, daysAgo: number, amount: number, currency: string) => ({
    ...{ topic: "events.order", partition: 0, offset: offset++, source: "shop", kind: "order", type: "order.placed" },
    ...{ client_key: key(client), contact_key: key(client), event_id: `o-${offset}`, order_id: `o-${offset}` },
    ...{
      occurred_at: `${dayBefore(daysAgo)} 12:00:00`,
      received_at: `${dayBefore(daysAgo)} 12:00:00`,
      batch_date: today,
    },
    ...{ activity: true, revenue_sign: 1, amount, currency },
    items: [{ sku: currency === "EUR" ? "mug" : "plate", name: "", category: "", quantity: 2, unit_price: amount / 2 }],
  });
  beforeAll(async () => {
    workspace = await createTestWorkspace({ settings: { WORKSPACE_CURRENCY: "EUR" } });
    await workspace.clickhouse.insert({
      table: "events",
      values: [order(1, 10, 100, "EUR"), order(1, 3, 300, "EUR"), order(2, 3, 220, "USD"), order(3, 3, 50, "CHF")],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
    await workspace.settleOrders();
  });
  afterAll(async () => await workspace?.close());

  const revenue = () =>
    workspace.rows(
      "SELECT client_id, toFloat64(revenue_net) AS net FROM clients WHERE revenue_net > 0 ORDER BY client_id",
    );
  const rates = (usd: string) =>
    readRates(`Date, USD, GBP\n${dayBefore(3)}, ${usd}, N/A\n${dayBefore(10)}, 1.2, 0.9\n`);

  it("make other currencies part of revenue, as often as a file is loaded, and put wrong rates right", async () => {
    expect(await revenue()).toEqual([{ client_id: key(1), net: 400 }]);
    const report = { days: 2, currencies: 2, firstDay: dayBefore(10), lastDay: dayBefore(3) };
    expect(await storeRates(workspace.clickhouse, rates("1.0"), () => {})).toEqual({
      ...report,
      added: 5,
      corrected: 0,
    });
    expect(await revenue()).toContainEqual({ client_id: key(2), net: 220 });
    expect(await storeRates(workspace.clickhouse, rates("1.1"), () => {})).toEqual({
      ...report,
      added: 0,
      corrected: 1,
    });
    expect(await storeRates(workspace.clickhouse, rates("1.1"), () => {})).toEqual({
      ...report,
      added: 0,
      corrected: 0,
    });
    expect(await revenue()).toEqual([
      { client_id: key(1), net: 400 },
      { client_id: key(2), net: 200 },
    ]);
    expect(await workspace.rows("SELECT currency, toFloat64(net) AS net FROM amounts_without_rate")).toEqual([
      { currency: "CHF", net: 50 },
    ]);
  });

  it("make margins of the cost of the order's own day", async () => {
    const costs = readCosts(`sku,unit_cost,since\nmug,10,\nmug,40,${dayBefore(5)}\n`);
    const store = async (list: typeof costs) =>
      await storeCosts(workspace.clickhouse, list, { who: "ana", currency: "EUR" }, () => {});
    expect(await store(costs)).toEqual({ products: 1, added: 2, corrected: 0, revenueCovered: 1 });
    const margin = () => workspace.rows("SELECT toFloat64(sum(margin)) AS margin FROM line_margins");
    // 100 - 2 x 10, and 300 - 2 x 40.
    expect(await margin()).toEqual([{ margin: 300 }]);
    expect(await store(costs.map((cost) => ({ ...cost, unitCost: "10" })))).toMatchObject({ added: 0, corrected: 1 });
    expect(await margin()).toEqual([{ margin: 360 }]);
    expect(await store([])).toMatchObject({ added: 0, corrected: 0 });
  });
});
