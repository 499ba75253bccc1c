import { seededRandom } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dossier, ListedClient } from "./inputs/clientAnswers.ts";
import { type ConsoleWorld, createConsoleWorld } from "./testing/consoleWorld.ts";
import { eventRow, insertRows } from "./testing/storedRows.ts";

const nobody = "00000000-0000-0000-0000-000000000000";
const seed = Math.floor(Math.random() * 1e6);
const random = seededRandom(seed);
const zone = ["UTC", "America/New_York", "Pacific/Auckland"][seed % 3]!;
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const keyOf = (kind: "a" | "b", number: number): string =>
  `${kind}${String(number).padStart(7, "0")}-0000-4000-8000-000000000000`;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const someTime = (): number => Date.now() - Math.floor(random() * 800 * 24) * hourMs - 60_000;
const accounts = Array.from({ length: 20 }, (_, number) => keyOf("a", number));
const people = Array.from({ length: 30 }, (_, number) => keyOf("b", number));

/** Anything that can happen with a client, in three currencies of which one has no rate. */
function someEvent(personOf: Map<string, string>) {
  const person = pick(people);
  const [client, contact] = random() < 0.5 ? [person, person] : [personOf.get(person)!, person];
  const at = someTime();
  const currency = pick(["EUR", "EUR", "USD", "JPY"]);
  const amount = (random() * 500).toFixed(2);
  const order = (type: string, sign: number) => ({
    kind: "order",
    type,
    activity: type === "order.placed",
    revenue_sign: sign,
    order_id: `o-${Math.floor(random() * 1e9)}`,
    amount,
    currency,
    items: [
      {
        sku: pick(["bolt", "nut", "gear"]),
        name: pick(["one", "two"]),
        category: "",
        quantity: "2",
        unit_price: amount,
      },
    ],
  });
  const invoice = (type: string) => ({
    kind: "order",
    type,
    order_id: `i-${Math.floor(random() * 40)}`,
    amount,
    currency,
    properties: JSON.stringify(random() < 0.7 ? { due_at: new Date(at + 20 * 24 * hourMs).toISOString() } : {}),
  });
  const mail = (type: string, given: object = {}) => ({
    kind: "email",
    type,
    activity: type === "email.replied",
    ...given,
  });
  return eventRow("shop", at + 5_000, {
    client_key: client,
    contact_key: contact,
    occurred_at: at,
    ...pick([
      { kind: "web", type: "web.page_viewed", activity: random() < 0.8 },
      { kind: "call", type: "call.completed", activity: true },
      mail("email.replied"),
      mail("email.delivered"),
      mail("email.unsubscribed"),
      mail("email.bounced", { properties: JSON.stringify({ bounce_type: pick(["Permanent", "SoftBounce"]) }) }),
      order("order.placed", 1),
      order("order.placed", 1),
      order("order.refunded", -1),
      invoice("invoice.issued"),
      invoice("invoice.paid"),
      invoice("invoice.overdue"),
    ]),
  });
}

describe("the page of a client, read by its keys", () => {
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await createConsoleWorld({ WORKSPACE_TIMEZONE: zone });
    const { clickhouse } = world;
    const accountOf = new Map(people.map((person) => [person, random() < 0.2 ? person : pick(accounts)]));
    await insertRows(clickhouse, "identity_keys", [
      ...accounts.map((key) => ({ key, contact_id: nobody, client_key: key, version: 1, eras: [] })),
      ...people.map((key, number) => {
        // Every fourth person moved; every second key is another identifier of the person before.
        const now = accountOf.get(number % 2 === 1 ? people[number - 1]! : key)!;
        accountOf.set(key, now);
        const day = Math.floor(someTime() / dayMs) * dayMs;
        // Some moved twice, some of them on one day: they were at the second client for some hours only.
        const between = pick([[], [day + hourMs], [day - 30 * dayMs]]);
        const moved = [
          { since: 0, client_key: pick(accounts) },
          ...between.map((since) => ({ since, client_key: pick(accounts) })),
          { since: day + 2 * hourMs, client_key: now },
        ];
        return {
          key,
          contact_id: number % 2 === 1 ? people[number - 1] : key,
          client_key: now,
          version: 1,
          eras: number % 4 === 0 ? moved : [],
        };
      }),
    ]);
    // Two accounts were joined with another.
    await insertRows(clickhouse, "identity_clients", [
      { key: accounts[1], client_id: accounts[0], version: 1 },
      { key: accounts[3], client_id: accounts[2], version: 1 },
    ]);
    const seen = (key: string, kind: string, value: string) => ({
      left_key: key,
      right_key: key,
      rule: "seen",
      left_kind: kind,
      left_value: value,
      right_kind: kind,
      right_value: value,
    });
    await insertRows(clickhouse, "identity_links", [
      ...accounts.map((key, number) => seen(key, pick(["account_id", "domain"]), `account-${number}`)),
      ...people.map((key, number) => seen(key, pick(["email", "phone", "user_id"]), `person-${number}`)),
    ]);
    const trait = (subject_key: string, subject: string, name: string, value: unknown) => ({
      subject_key,
      subject,
      trait: name,
      occurred_at: someTime(),
      value: JSON.stringify(value),
      source: pick(["crm", "shop"]),
    });
    await insertRows(clickhouse, "client_traits", [
      ...accounts.flatMap((key) =>
        Array.from({ length: 3 }, () =>
          trait(
            key,
            "client",
            pick(["name", "industry", "employees", "owner", "constructor"]),
            pick(["x", "y", null, 7]),
          ),
        ),
      ),
      ...people.flatMap((key, number) => [
        trait(key, "contact", "name", random() < 0.3 ? null : `Person ${number % 5}`),
        trait(key, "contact", "role", pick(["decides", "uses"])),
      ]),
    ]);
    await insertRows(
      clickhouse,
      "written_fields",
      accounts.slice(4, 8).map((key) => ({
        subject_key: key,
        subject: "client",
        field: pick(["name", "owner", "nps"]),
        since: someTime(),
        value: pick(['"written"', "null", "8"]),
        who: "ana",
        written_at: Date.now(),
      })),
    );
    const rates = [0, 100, 300, 301, 500, 790].flatMap((ago) => {
      const day = new Date(Date.now() - ago * 24 * hourMs).toISOString().slice(0, 10);
      const usd = (0.8 + random()).toFixed(4);
      return [
        { day, currency: "EUR", per_euro: "1", loaded_at: Date.now() },
        { day, currency: "USD", per_euro: usd, loaded_at: Date.now() },
      ];
    });
    await insertRows(clickhouse, "exchange_rates", rates);
    await insertRows(clickhouse, "settings", [
      { kind: "profiles", id: "profiles", version: 1, value: '{"rate_days":90,"trait_sources":["written","crm"]}' },
    ]);
    await insertRows(clickhouse, "product_costs", [
      { sku: "bolt", since: "2020-01-01", unit_cost: "3.5", who: "ana", written_at: Date.now() },
      {
        sku: "bolt",
        since: new Date(Date.now() - 300 * 24 * hourMs).toISOString().slice(0, 10),
        unit_cost: "4",
        who: "ana",
        written_at: Date.now(),
      },
    ]);
    await insertRows(clickhouse, "churn_models_log", [{ as_of: "2026-03-09", version: 2, model: "MBG/CNBD-2" }]);
    // Also of the accounts that were joined, and a fit before; its day alone does not show any more.
    await insertRows(
      clickhouse,
      "client_forecasts_log",
      accounts.slice(0, 9).flatMap((client_id, number) =>
        (number === 8 ? ["2026-02-28"] : ["2026-02-28", "2026-03-09"]).map((as_of) => ({
          ...{ client_id, as_of, month: `${as_of.slice(0, 7)}-01`, model: "MBG/CNBD-2", forecast_at: Date.now() },
          order_days: number + 1,
          p_alive: random(),
          caution: number === 0 ? "one_purchase" : "",
          ...{ expected_orders: 4.1, orders_low: 2, orders_high: number, usual_gaps: random() },
          ...(number === 4
            ? {}
            : { expected_value: "1200.5", value_low: "600", value_high: "2100", order_value: "300" }),
        })),
      ),
    );
    for (let batch = 0; batch < 3; batch++) {
      await insertRows(
        clickhouse,
        "events",
        Array.from({ length: 500 }, () => someEvent(accountOf)),
      );
    }
  });
  afterAll(async () => await world?.close());

  it(`says what the views say, to the cent and the second (seed ${seed}, ${zone})`, async () => {
    const at = (column: string): string =>
      `if(isNull(${column}), NULL, formatDateTime(${column}, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z')`;
    const views = await world.rows<Record<string, unknown>>(
      `SELECT toString(client_id) AS id, name, account_id, contacts, ifNull(owner, '') AS owner,
         ${at("first_seen")} AS first_seen_at, ${at("last_seen")} AS last_seen_at, ${at("last_received")} AS last_received_at,
         ${at("last_activity")} AS last_activity_at, ${at("first_order")} AS first_order_at, ${at("last_email")} AS last_email_at,
         ${at("first_web")} AS first_web_at, ${at("last_call")} AS last_call_at,
         active_30d, active_365d, emails_90d, web_visits_365d, calls_365d, orders_365d, orders,
         toFloat64(revenue_gross) AS gross, toFloat64(revenue_net) AS net, toFloat64(revenue_30d) AS d30, toFloat64(revenue_90d) AS d90,
         toFloat64(revenue_365d) AS d365, toFloat64(revenue_365d_before) AS before, arraySort(other_currencies) AS without,
         if(orders = 0, 0, order_days) AS order_days, usual_gap_days, toString(next_expected_order) AS next_expected,
         products_bought, products_lapsed, round(toFloat64(margin), 2) AS margin, round(toFloat64(margin_revenue), 2) AS margin_revenue,
         invoices, paid_on_time_share, average_days_late, overdue, toFloat64(overdue_amount) AS overdue_amount, open_alerts
       FROM client_dossiers ORDER BY id`,
    );
    expect(views.length).toBeGreaterThan(8);
    const list = new Map<string, ListedClient>();
    const numbers = {
      revenue_net: views.map(({ id, net }) => [id, net]),
      revenue_365d: views.map(({ id, d365 }) => [id, d365]),
      orders: views.map(({ id, orders }) => [id, orders]),
      last_activity: views.map(({ id, last_activity_at }) => [id, Date.parse(`${last_activity_at ?? "1970-01-01"}`)]),
    };
    for (const [sort, said] of Object.entries(numbers)) {
      const { body } = await world.call<{ clients: ListedClient[] }>("GET", `/v1/clients?sort=${sort}&limit=500`);
      expect(body.clients.map(({ id }) => id).sort()).toEqual(views.map(({ id }) => id));
      // Who has no such number at all comes last.
      const numberOf = new Map(said as [string, number][]);
      const listed = body.clients.map(({ id }) => numberOf.get(id)!).filter((number) => number !== 0);
      expect(listed).toEqual(listed.toSorted((one, other) => other - one));
      for (const client of body.clients) list.set(client.id, client);
    }
    // Page by page it is the same list, and where a page ends is told by the very number that the views say.
    const net = new Map(numbers.revenue_net as [string, number][]);
    const walked: string[] = [];
    for (let after = ""; ; ) {
      const { body } = await world.call<{ clients: ListedClient[]; next: string | null }>(
        "GET",
        `/v1/clients?sort=revenue_net&limit=2${after}`,
      );
      walked.push(...body.clients.map(({ id }) => id));
      if (body.next === null) break;
      const [number] = body.next.split("_") as [string];
      expect(number === "none" ? 0 : Number(number)).toBe(net.get(walked.at(-1)!));
      after = `&after=${body.next}`;
    }
    expect(walked).toHaveLength(views.length);
    expect(new Set(walked).size).toBe(views.length);
    const contactsOf = Map.groupBy(
      await world.rows<{ id: string; client_id: string }>(
        `SELECT toString(contact_id) AS id, toString(client_id) AS client_id, name, role, emails, phones, arraySort(clients) AS clients,
           ${at("last_heard_from")} AS last_heard_from_at, reachable, unsubscribed, active
         FROM contacts ORDER BY id`,
      ),
      ({ client_id }) => client_id,
    );
    const forecasts = new Map(
      (
        await world.rows<NonNullable<Dossier["forecast"]> & { id: string }>(
          `SELECT toString(client_id) AS id, as_of, model, p_alive, caution, expected_orders, orders_low, orders_high,
             toFloat64(expected_value) AS expected_value, toFloat64(value_low) AS value_low, toFloat64(value_high) AS value_high,
             toFloat64(order_value) AS order_value, usual_gaps FROM client_forecasts`,
        )
      ).map(({ id, ...forecast }) => [id, forecast]),
    );
    expect(forecasts.size).toBe(6);
    const [history] = await world.rows(
      "SELECT count() AS months, uniqExact(client_id) AS clients FROM client_forecast_history",
    );
    expect(history).toEqual({ months: 13, clients: 7 });
    for (const view of views) {
      const { body: page } = await world.call<Dossier>("GET", `/v1/clients/${view.id}`);
      const listed = list.get(page.id)!;
      const { by_kind } = page.activity;
      expect({
        id: page.id,
        name: page.name,
        account_id: page.account_id,
        contacts: listed.contacts,
        owner: listed.owner,
        first_seen_at: page.freshness.first_seen,
        last_seen_at: page.freshness.last_seen,
        last_received_at: page.freshness.last_received,
        last_activity_at: page.activity.last,
        first_order_at: page.orders.first,
        last_email_at: by_kind.email.last,
        first_web_at: by_kind.web.first,
        last_call_at: by_kind.call.last,
        active_30d: page.activity.active_30d,
        active_365d: page.activity.active_365d,
        emails_90d: by_kind.email.active_90d,
        web_visits_365d: by_kind.web.active_365d,
        calls_365d: by_kind.call.active_365d,
        orders_365d: by_kind.order.active_365d,
        orders: page.orders.number,
        gross: page.revenue.gross,
        net: page.revenue.net,
        d30: page.revenue.last_30d,
        d90: page.revenue.last_90d,
        d365: page.revenue.last_365d,
        before: page.revenue.before_365d,
        without: page.revenue.without_rate,
        order_days: page.orders.days < 2 ? 0 : page.orders.days,
        usual_gap_days: page.orders.usual_gap_days,
        next_expected: page.orders.next_expected,
        products_bought: page.products.bought,
        products_lapsed: page.products.lapsed,
        margin: page.revenue.margin === null ? null : expect.closeTo(page.revenue.margin, 1),
        margin_revenue: expect.closeTo(page.revenue.margin_revenue, 1),
        invoices: page.payments?.invoices ?? 0,
        paid_on_time_share: page.payments?.paid_on_time_share ?? null,
        average_days_late: page.payments?.average_days_late ?? null,
        overdue: page.payments?.overdue ?? 0,
        overdue_amount: page.payments?.overdue_amount ?? 0,
        open_alerts: page.alerts.length,
      }).toEqual({ ...view });
      expect(page.forecast).toEqual(forecasts.get(page.id) ?? null);
      expect(listed).toMatchObject({
        name: page.name,
        last_activity: page.activity.last,
        last_order: page.orders.last,
        active_30d: page.activity.active_30d,
        orders: page.orders.number,
        revenue_net: page.revenue.net,
        revenue_365d: page.revenue.last_365d,
        revenue_365d_before: page.revenue.before_365d,
      });
      expect(
        page.contacts
          .toSorted((one, other) => (one.id < other.id ? -1 : 1))
          .map(({ last_heard_from, clients, ...contact }) => ({
            ...contact,
            clients: clients.toSorted(),
            last_heard_from_at: last_heard_from,
          })),
      ).toEqual(contactsOf.get(page.id)?.map(({ client_id: _client, ...contact }) => contact) ?? []);
    }
  });
});
