import { type ClickHouse, connectClickHouse } from "@keypulse/engines";
import { createTestWorld, settleAll, type TestWorld } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "./index.ts";

const nobody = "00000000-0000-0000-0000-000000000000";
const day = (daysAgo: number): string => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
const noon = (daysAgo: number): string => `${day(daysAgo)} 12:00:00.000`;
const [acme, globex, parent, ann] = ["a", "b", "c", "d"].map((digit) => nobody.replaceAll("0", digit)) as [
  string,
  string,
  string,
  string,
];
let offset = 0;

/** A row of `events` as ingest writes it. */
const event = (client: string, type: string, daysAgo: number, given: object = {}) => {
  const sign = type === "order.placed" ? 1 : type === "order.refunded" ? -1 : 0;
  return {
    client_key: client,
    contact_key: nobody,
    occurred_at: noon(daysAgo),
    event_id: `e-${offset}`,
    source: "shop",
    kind:
      type === "group" || type === "identify" ? "identity" : type.startsWith("invoice") ? "order" : type.split(".")[0],
    type,
    activity: type === "order.placed" || type === "email.replied",
    revenue_sign: sign,
    topic: "events",
    offset: offset++,
    received_at: noon(daysAgo),
    batch_date: day(daysAgo),
    ...given,
  };
};
const order = (client: string, daysAgo: number, amount: string, currency = "GBP", given: object = {}) =>
  event(client, "order.placed", daysAgo, { order_id: `o-${offset}`, amount, currency, ...given });

describe("profiles", () => {
  let world: TestWorld;
  let clickhouse: ClickHouse;
  const insert = async (table: string, values: object[]) => {
    await clickhouse.insert({ table, values, format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
    if (table === "events") await settleAll(clickhouse);
  };
  const rows = async <T = Record<string, unknown>>(query: string): Promise<T[]> => {
    const result = await clickhouse.query({
      query,
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0, output_format_json_quote_decimals: 0 },
    });
    return await result.json<T>();
  };

  beforeAll(async () => {
    world = await createTestWorld();
    const settings = { CLICKHOUSE_URL: world.clickhouseUrl, CLICKHOUSE_DATABASE: world.database };
    await migrate(settings, { timezone: "UTC", currency: "GBP" });
    clickhouse = connectClickHouse(settings, "test");
    await insert(
      "identity_keys",
      [acme, globex, parent].map((key) => ({ key, contact_id: nobody, client_key: key, version: 1 })),
    );
    // Ann went from Acme to Globex ten days ago.
    const eras = [
      { since: "1970-01-01 00:00:00.000", client_key: acme },
      { since: noon(10), client_key: globex },
    ];
    await insert("identity_keys", [{ key: ann, contact_id: ann, client_key: globex, version: 1, eras }]);
    await insert("identity_links", [
      {
        left_key: parent,
        right_key: parent,
        rule: "seen",
        left_kind: "account_id",
        left_value: "holding",
        right_kind: "account_id",
        right_value: "holding",
      },
      {
        left_key: acme,
        right_key: acme,
        rule: "seen",
        left_kind: "account_id",
        left_value: "acme",
        right_kind: "account_id",
        right_value: "acme",
      },
    ]);
    await insert("exchange_rates", [
      { day: day(40), currency: "EUR", per_euro: "1" },
      { day: day(40), currency: "GBP", per_euro: "0.8" },
      { day: day(40), currency: "USD", per_euro: "1.6" },
      { day: day(5), currency: "EUR", per_euro: "1" },
      { day: day(5), currency: "GBP", per_euro: "0.8" },
      { day: day(5), currency: "USD", per_euro: "1" },
    ]);
    const sold = (sku: string) => ({ items: [{ sku, name: sku, category: "", quantity: "2", unit_price: "50" }] });
    await insert("events", [
      order(acme, 40, "100", "GBP", sold("bolt")),
      order(acme, 38, "100", "USD"),
      event(acme, "order.refunded", 4, { order_id: "o-1", amount: "100", currency: "USD" }),
      order(acme, 34, "100", "GBP", sold("bolt")),
      order(acme, 28, "100", "GBP", sold("nut")),
      order(acme, 20, "7", "USD"),
      order(acme, 3, "9", "JPY"),
      event(ann, "email.replied", 30, { contact_key: ann }),
      event(ann, "email.replied", 12, { contact_key: ann }),
      event(ann, "email.replied", 2, { contact_key: ann }),
      event(ann, "email.bounced", 1, { contact_key: ann, properties: '{"bounce_type":"SoftBounce"}' }),
      order(globex, 8, "1000"),
      event(acme, "group", 30, { traits: '{"name":"Acme (shop)","industry":"Tools","parent_account_id":"holding"}' }),
      event(acme, "group", 20, { source: "crm", traits: '{"name":"Acme","industry":"Screws"}' }),
      event(acme, "group", 6, { source: "crm", traits: '{"parent_account_id":null,"industry":null}' }),
      event(acme, "invoice.issued", 30, {
        order_id: "i-1",
        amount: "50",
        currency: "GBP",
        properties: `{"due_at":"${day(20)}T00:00:00Z"}`,
      }),
      event(acme, "invoice.paid", 17, { order_id: "i-1", amount: "50", currency: "GBP" }),
      event(acme, "invoice.issued", 30, {
        order_id: "i-2",
        amount: "70",
        currency: "GBP",
        properties: `{"due_at":"${day(5)}T00:00:00Z"}`,
      }),
      event(acme, "invoice.issued", 3, {
        order_id: "i-3",
        amount: "10",
        currency: "GBP",
        properties: `{"due_at":"${day(-9)}T00:00:00Z"}`,
      }),
    ]);
    await insert("product_costs", [
      { sku: "bolt", since: "1970-01-01", unit_cost: "20", who: "ana", written_at: noon(1) },
    ]);
  });
  afterAll(async () => {
    await clickhouse?.close();
    await world?.drop();
  });

  const client = async (id: string, columns: string): Promise<unknown> =>
    (await rows(`SELECT ${columns} FROM client_dossiers WHERE client_id = '${id}'`))[0];

  it("converts an amount at the rate of its day, a refund at the refund's, and never guesses a rate", async () => {
    // 100 USD were 50 GBP; given back they were 80. 20 days ago the last rate was too old, for JPY there is none.
    expect(await client(acme, "orders, revenue_gross, revenue_net, arraySort(other_currencies) AS other")).toEqual({
      orders: 6,
      revenue_gross: 350,
      revenue_net: 270,
      other: ["JPY", "USD"],
    });
    expect(
      await rows(
        "SELECT currency, amount, amount_here FROM order_movements WHERE currency != 'GBP' OR amount = 1000 ORDER BY occurred_at",
      ),
    ).toEqual([
      { currency: "USD", amount: 100, amount_here: 50 },
      { currency: "USD", amount: 7, amount_here: null },
      { currency: "GBP", amount: 1000, amount_here: 1000 },
      { currency: "USD", amount: -100, amount_here: -80 },
      { currency: "JPY", amount: 9, amount_here: null },
    ]);
    expect(await rows("SELECT * EXCEPT (first_day, last_day) FROM amounts_without_rate ORDER BY currency")).toEqual([
      { currency: "JPY", days: 1, orders: 1, gross: 9, net: 9 },
      { currency: "USD", days: 1, orders: 1, gross: 7, net: 7 },
    ]);
    await insert("settings", [{ kind: "profiles", id: "profiles", version: 1, value: '{"rate_days":30}' }]);
    expect(await client(acme, "revenue_gross, other_currencies")).toEqual({
      revenue_gross: 353.5,
      other_currencies: ["JPY"],
    });
  });

  it("gives what a person did to the client of that day", async () => {
    expect(await client(acme, "emails, active_30d, emails_30d, last_email")).toMatchObject({
      emails: 2,
      emails_30d: 1,
      last_email: noon(12),
    });
    expect(await client(globex, "emails, emails_7d, last_email, orders")).toEqual({
      emails: 1,
      emails_7d: 1,
      last_email: noon(2),
      orders: 1,
    });
    expect(
      await rows(
        `SELECT length(clients) AS clients, active, bounces, reachable FROM contacts WHERE contact_id = '${ann}'`,
      ),
    ).toEqual([{ clients: 2, active: 3, bounces: 1, reachable: true }]);
  });

  it("keeps rhythm, products with what they earn, and payments", async () => {
    expect(
      await client(
        acme,
        "order_days, usual_gap_days, products_bought, products_lapsed, margin, margin_revenue, invoices, paid_on_time_share, average_days_late, overdue, overdue_amount",
      ),
    ).toEqual({
      order_days: 6,
      usual_gap_days: 6,
      products_bought: 2,
      products_lapsed: 1,
      margin: 120,
      margin_revenue: 200,
      invoices: 3,
      paid_on_time_share: 0,
      average_days_late: 3,
      overdue: 1,
      overdue_amount: 70,
    });
    expect(await rows("SELECT sku, days_bought, usual_gap_days, lapsed FROM client_products ORDER BY sku")).toEqual([
      { sku: "bolt", days_bought: 2, usual_gap_days: 6, lapsed: true },
      { sku: "nut", days_bought: 1, usual_gap_days: null, lapsed: false },
    ]);
  });

  it("lets people's words count first, then the newest; who takes a word back leaves the others'", async () => {
    expect(await client(acme, "name, industry")).toEqual({ name: "Acme", industry: "Tools" });
    const written = { subject_key: acme, subject: "client", field: "name", who: "ana" };
    await insert("written_fields", [{ ...written, since: noon(9), written_at: noon(9), value: '"Acme Ltd"' }]);
    expect(await rows("SELECT value, source, who FROM client_traits_now WHERE trait = 'name'")).toEqual([
      { value: '"Acme Ltd"', source: "written", who: "ana" },
    ]);
    await insert("settings", [
      { kind: "profiles", id: "profiles", version: 2, value: '{"rate_days":30,"trait_sources":["shop"]}' },
    ]);
    expect(await client(acme, "name")).toEqual({ name: "Acme (shop)" });
    await insert("settings", [{ kind: "profiles", id: "profiles", version: 3, value: '{"rate_days":30}' }]);
    await insert("written_fields", [{ ...written, since: noon(1), written_at: noon(1), value: "null" }]);
    expect(await client(acme, "name")).toEqual({ name: "Acme" });
    expect(await rows("SELECT count() AS n FROM client_traits_history WHERE trait = 'name'")).toEqual([{ n: 4 }]);
  });

  it("rolls revenue up to the parent of that day", async () => {
    expect(await rows("SELECT child, parent, since, until FROM client_parents")).toEqual([
      { child: acme, parent, since: day(30), until: day(6) },
    ]);
    // Of Acme's days those from 30 to 7 days ago: 100 GBP and 7 USD.
    expect(await rows("SELECT * FROM client_families")).toEqual([
      { client_id: parent, members: 0, past_members: 1, orders: 2, revenue_net: 103.5, revenue_365d: 103.5 },
    ]);
    // A circle ends where it would come around again.
    const since = { field: "parent", subject: "client", who: "ana", since: noon(2), written_at: noon(2) };
    await insert("written_fields", [
      { ...since, subject_key: parent, value: JSON.stringify(globex) },
      { ...since, subject_key: globex, value: '"acme"' },
      { ...since, subject_key: acme, value: '"holding"' },
    ]);
    expect(await rows("SELECT client_id, members FROM client_families ORDER BY client_id")).toEqual(
      [acme, globex, parent].map((client_id) => ({ client_id, members: 2 })),
    );
  });

  it("sums the same in the totals by key as in the days, also what was stored before the totals were", async () => {
    const sums = "SELECT client_key, sum(events) AS events, min(first_at) AS first_at, max(last_at) AS last_at";
    const [totals, days] = ["client_totals", "activity_daily"].map(
      (table) => `${sums} FROM ${table} AS t GROUP BY client_key ORDER BY client_key`,
    );
    expect(await rows(totals!)).toEqual(await rows(days!));
  });
});
