import { randomUUID } from "node:crypto";
import { type ClickHouse, connectClickHouse } from "@keypulse/engines";
import { createTestWorld, settleAll, type TestWorld } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "./index.ts";

describe("views", () => {
  const client = randomUUID();
  let world: TestWorld;
  let clickhouse: ClickHouse;

  beforeAll(async () => {
    world = await createTestWorld();
    const settings = { CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database };
    await migrate(settings, { timezone: "America/New_York", currency: "USD" });
    clickhouse = connectClickHouse(settings, "test");
  });
  afterAll(async () => {
    await clickhouse?.close();
    await world.drop();
  });

  const insert = async (table: string, values: object[]) => {
    await clickhouse.insert({ table, values, format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
    if (table === "events") await settleAll(clickhouse);
  };
  const rows = async (query: string) =>
    await (await clickhouse.query({ query, format: "JSONEachRow" })).json<Record<string, unknown>>();
  let offset = 0;
  const event = (type: string, day: string, given: object) => ({
    client_key: client,
    occurred_at: `${day} 03:00:00.000`,
    received_at: `${day} 03:00:00.000`,
    event_id: String(offset),
    source: "shop",
    kind: "order",
    type,
    currency: "USD",
    topic: "events.order",
    offset: offset++,
    batch_date: day,
    ...given,
  });

  it("payments tell what is owed and how late, an invoice of an order counting with its order", async () => {
    const due = (day: string) => ({ properties: JSON.stringify({ due_at: `${day}T12:00:00Z` }) });
    await insert("events", [
      event("order.placed", "2026-01-02", { order_id: "never-billed", amount: "5", revenue_sign: 1 }),
      event("order.placed", "2026-01-02", { order_id: "o1", amount: "100", revenue_sign: 1 }),
      event("invoice.issued", "2026-01-05", { order_id: "o1", amount: "120", ...due("2026-01-20") }),
      event("invoice.overdue", "2026-01-21", { order_id: "o1", amount: "120" }),
      event("invoice.paid", "2026-01-26", { order_id: "o1", amount: "120" }),
      event("invoice.issued", "2026-01-05", { order_id: "i2", amount: "7", ...due("2026-01-10") }),
      event("invoice.issued", "2026-01-05", { order_id: "i3", amount: "9", ...due("2090-01-10") }),
      event("order.placed", "2026-01-05", { order_id: "o4", amount: "11", revenue_sign: 1 }),
      event("order.paid", "2026-01-05", { order_id: "o4", amount: "0" }),
    ]);
    const shown = await rows(
      "SELECT number, billed_by, toFloat64(amount) AS amount, state, days_to_pay, days_overdue > 0 AS late, toDate(issued_at) AS issued FROM payments ORDER BY number",
    );
    expect(shown).toEqual([
      {
        number: "i2",
        billed_by: "invoice",
        amount: 7,
        state: "overdue",
        days_to_pay: null,
        late: 1,
        issued: "2026-01-05",
      },
      {
        number: "i3",
        billed_by: "invoice",
        amount: 9,
        state: "open",
        days_to_pay: null,
        late: 0,
        issued: "2026-01-05",
      },
      {
        number: "o1",
        billed_by: "invoice",
        amount: 120,
        state: "paid",
        days_to_pay: 21,
        late: 1,
        issued: "2026-01-05",
      },
      { number: "o4", billed_by: "order", amount: 11, state: "paid", days_to_pay: 0, late: null, issued: "2026-01-05" },
    ]);
    expect(await rows("SELECT days_overdue FROM payments WHERE number = 'o1'")).toEqual([{ days_overdue: 5 }]);
    // West of Greenwich "no day" was a day in 2149: nothing was overdue, and all was paid in time.
    expect(
      await rows(
        "SELECT toUInt32(invoices) AS invoices, toUInt32(overdue) AS overdue, paid_on_time_share, average_days_late FROM client_payments",
      ),
    ).toEqual([{ invoices: 3, overdue: 1, paid_on_time_share: 0, average_days_late: 5 }]);
  });

  it("local time and day are those of the workspace, whatever UTC says", async () => {
    expect(
      await rows(
        "SELECT toString(occurred_at) AS utc, toString(local_time) AS here, day FROM orders WHERE order_id = 'o4'",
      ),
    ).toEqual([{ utc: "2026-01-05 03:00:00.000", here: "2026-01-04 22:00:00.000", day: "2026-01-04" }]);
  });

  it("sources show what is wired beside what was heard, and no secret", async () => {
    const wired = { name: "New shop", connector: "shopify", state: "active", secrets: [{ hash: "secret-hash" }] };
    const setting = (id: string, version: number, deleted: boolean) => ({
      ...{ kind: "source", id, version, deleted, changed_by: "test", changed_at: 0 },
      value: deleted ? "" : JSON.stringify(wired),
    });
    await insert("settings", [setting("new-shop", 1, false), setting("gone", 1, false), setting("gone", 2, true)]);
    await insert("duplicate_events", [{ source: "shop", event_id: "0", offset: 900 }]);
    const shown = await rows("SELECT * FROM sources ORDER BY source");
    expect(shown).toMatchObject([
      { source: "gone", name: "New shop", connector: "shopify", state: "deleted", events: 0 },
      { source: "new-shop", name: "New shop", connector: "shopify", state: "active", first_hour: null, events: 0 },
      { source: "shop", name: "", state: "", events: 9, duplicates: 1, rejected: 0 },
    ]);
    expect(JSON.stringify(shown)).not.toContain("secret-hash");
  });

  it("a person who moves twice on one day is the last client's from that day, in every view", async () => {
    const id = (digit: string) =>
      `${digit.repeat(8)}-${digit.repeat(4)}-8${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`;
    const [person, first, hours, last] = ["1", "2", "f", "3"].map(id);
    // The hours at the second client are of 4 March in New York, and of two days in UTC.
    const eras = [
      { since: 0, client_key: first },
      { since: "2026-03-04 23:00:00.000", client_key: hours },
      { since: "2026-03-05 04:00:00.000", client_key: last },
    ];
    await insert("identity_keys", [{ key: person, contact_id: person, client_key: last, version: 1, eras }]);
    const visit = (day: string) => event("web.page_viewed", day, { client_key: person, kind: "web", activity: true });
    await insert("events", ["2026-03-04", "2026-03-05", "2026-03-06"].map(visit));
    expect(
      await rows(
        `SELECT client_id, toUInt32(count()) AS events FROM timeline WHERE type = 'web.page_viewed' GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual([
      { client_id: first, events: 1 },
      { client_id: last, events: 2 },
    ]);
    expect(
      await rows(
        `SELECT client_id, toUInt32(events) AS events FROM clients WHERE client_id IN ('${first}', '${hours}', '${last}') ORDER BY 1`,
      ),
    ).toEqual([
      { client_id: first, events: 1 },
      { client_id: last, events: 2 },
    ]);
    expect(
      await rows(
        `SELECT client_id, since, until FROM identity_memberships WHERE contact_id = '${person}' ORDER BY since`,
      ),
    ).toEqual([
      { client_id: first, since: "1970-01-01", until: "2026-03-03" },
      { client_id: last, since: "2026-03-04", until: null },
    ]);
    // Its two clients are joined since: one stay.
    await insert("identity_clients", [{ key: first, client_id: last, version: 1 }]);
    expect(
      await rows(`SELECT client_id, since, until FROM identity_memberships WHERE contact_id = '${person}'`),
    ).toEqual([{ client_id: last, since: "1970-01-01", until: null }]);
  });

  it("a rejected event that was sent again twice is one row", async () => {
    const place = { topic: "events.order", partition: 0, offset: 77 };
    await insert("rejected_events", [{ ...place, reason: "invalid", bytes: Buffer.from("{").toString("base64") }]);
    await insert("rejected_replays", [{ ...place, replayed_at: "2026-01-01 00:00:00.000" }]);
    await insert("rejected_replays", [{ ...place, replayed_at: "2026-01-02 00:00:00.000" }]);
    expect(await rows("SELECT replayed, toString(replayed_at) AS at, bytes FROM rejected")).toEqual([
      { replayed: 1, at: "2026-01-02 00:00:00.000", bytes: "{" },
    ]);
  });

  it("products keep the name of their sales and count what came back", async () => {
    const item = (name: string, quantity: string, price: string) => ({
      items: [{ sku: "MUG", name, category: "", quantity, unit_price: price }],
    });
    await insert("events", [
      event("order.placed", "2026-01-02", { order_id: "1", amount: "6", ...item("Mug", "3", "2") }),
      event("order.placed", "2026-01-02", { order_id: "2", amount: "3", currency: "CHF", ...item("Mug", "1", "3") }),
      event("order.refunded", "2026-01-02", { order_id: "1", amount: "2", ...item("broken", "1", "2") }),
    ]);
    expect(
      await rows(
        "SELECT name, clients, orders, quantity_sold::Float64 AS sold, quantity_returned::Float64 AS returned, revenue_net::Float64 AS net, other_currencies FROM products",
      ),
    ).toEqual([{ name: "Mug", clients: 1, orders: 2, sold: 4, returned: 1, net: 4, other_currencies: ["CHF"] }]);
  });
});
