import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sayOrders } from "./cli/sayOrders.ts";
import type { Dossier, ListedClient, TimelineEntry } from "./inputs/clientAnswers.ts";
import type { ClientOrder } from "./inputs/clientOrders.ts";
import { type ConsoleWorld, createConsoleWorld } from "./testing/consoleWorld.ts";
import { eventRow, insertRows } from "./testing/storedRows.ts";

const nobody = "00000000-0000-0000-0000-000000000000";
const [acme, globex, ann, old] = ["a", "b", "c", "d"].map((digit) => nobody.replaceAll("0", digit)) as [
  string,
  string,
  string,
  string,
];
const dayMs = 86_400_000;
const ago = (days: number): number => Math.floor(Date.now() / dayMs) * dayMs - days * dayMs;
const order = (client: string, days: number, amount: string) =>
  eventRow("shop", ago(days), {
    client_key: client,
    occurred_at: ago(days),
    kind: "order",
    type: "order.placed",
    activity: true,
    revenue_sign: 1,
    amount,
    currency: "EUR",
    order_id: `o-${days}`,
    items: [{ sku: "bolt", name: "Bolt M8", category: "", quantity: "1", unit_price: amount }],
  });
const reply = (days: number) =>
  eventRow("mail", ago(days), {
    client_key: ann,
    contact_key: ann,
    occurred_at: ago(days),
    kind: "email",
    type: "email.replied",
    activity: true,
  });

describe("clients of the console's API", () => {
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await createConsoleWorld();
    const { clickhouse } = world;
    const plain = { contact_id: nobody, version: 1, eras: [] };
    await insertRows(clickhouse, "identity_keys", [
      { ...plain, key: acme, client_key: acme },
      { ...plain, key: globex, client_key: globex },
      // Known as "old" before it was joined with Acme.
      { ...plain, key: old, client_key: old },
      {
        key: ann,
        contact_id: ann,
        client_key: globex,
        version: 1,
        eras: [
          { since: 0, client_key: acme },
          { since: ago(10), client_key: globex },
        ],
      },
    ]);
    await insertRows(clickhouse, "identity_clients", [{ key: old, client_id: acme, version: 1 }]);
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
      seen(acme, "account_id", "acme"),
      seen(globex, "account_id", "globex"),
      seen(old, "account_id", "acme-old"),
      seen(ann, "email", "ann@acme.example"),
    ]);
    await insertRows(clickhouse, "events", [
      order(acme, 50, "100"),
      order(acme, 40, "200"),
      order(old, 30, "300"),
      order(globex, 5, "50"),
      reply(20),
      reply(3),
    ]);
  });
  afterAll(async () => await world?.close());
  const show = async (id: string) => (await world.call<Dossier>("GET", `/v1/clients/${id}`)).body;

  it("lists clients by money or time, a page at a time, and finds them by what they are called", async () => {
    type List = { clients: ListedClient[]; next: string | null };
    const first = await world.call<List>("GET", "/v1/clients?sort=revenue_net&limit=1");
    expect(first.body.clients).toMatchObject([
      { id: acme, account_id: expect.stringMatching(/^acme/), orders: 3, revenue_net: 600 },
    ]);
    const second = await world.call<List>("GET", `/v1/clients?sort=revenue_net&limit=1&after=${first.body.next}`);
    expect(second.body).toMatchObject({ clients: [{ id: globex, revenue_net: 50 }], next: null });
    const latest = await world.call<List>("GET", "/v1/clients?sort=last_activity");
    expect(latest.body.clients.map(({ id }) => id)).toEqual([globex, acme]);
    for (const search of ["LOBE", "ann@", globex]) {
      const { body } = await world.call<List>("GET", `/v1/clients?search=${search}`);
      expect(body.clients.map(({ id }) => id)).toEqual([globex]);
    }
    expect((await world.call<List>("GET", "/v1/clients?search=nobody")).body).toEqual({ clients: [], next: null });
  });

  it("shows the dossier of a joined client under each of its ids, and a person's acts where they belong by date", async () => {
    const dossier = await show(acme);
    expect(dossier).toMatchObject({
      orders: {
        number: 3,
        days: 3,
        usual_gap_days: 10,
        average: 200,
        next_expected: new Date(ago(20)).toISOString().slice(0, 10),
      },
      revenue: { net: 600, last_90d: 600, before_365d: 0, margin: null, without_rate: [] },
      activity: {
        active_30d: 1,
        active_90d: 4,
        by_kind: { email: { active_30d: 1, active_7d: 0 }, web: { last: null } },
      },
      products: { bought: 1, list: [{ sku: "bolt", days_bought: 3, revenue: 600 }] },
      payments: null,
      alerts: [],
    });
    expect(await show(old)).toEqual(dossier);
    expect(await show(globex)).toMatchObject({
      activity: { by_kind: { email: { active_7d: 1, active_30d: 1 } } },
      contacts: [{ id: ann, emails: ["ann@acme.example"], reachable: true }],
    });
    // What is read by keys is what the views have.
    for (const id of [acme, globex]) {
      const one = await show(id);
      expect(
        await world.rows(`SELECT toFloat64(revenue_net) AS net, active_365d, emails_30d, products_bought, contacts
          FROM client_dossiers WHERE client_id = '${id}'`),
      ).toEqual([
        {
          net: one.revenue.net,
          active_365d: one.activity.active_365d,
          emails_30d: one.activity.by_kind.email.active_30d,
          products_bought: one.products.bought,
          contacts: one.contacts.length,
        },
      ]);
    }
    const timeline = await world.call<{ events: TimelineEntry[]; next: string }>(
      "GET",
      `/v1/clients/${acme}/timeline?limit=2`,
    );
    expect(timeline.body.events.map(({ type }) => type)).toEqual(["email.replied", "order.placed"]);
    const rest = await world.call<{ events: TimelineEntry[] }>(
      "GET",
      `/v1/clients/${acme}/timeline?after=${timeline.body.next}`,
    );
    expect(rest.body.events.map(({ order_id }) => order_id)).toEqual(["o-40", "o-50"]);
    expect((await world.call("GET", `/v1/clients/${nobody.replaceAll("0", "e")}`)).status).toBe(404);
  });

  it("answers why revenue is what it is, order by order and message by message", async () => {
    const { status, body } = await world.call<{ orders: ClientOrder[]; more: boolean }>(
      "GET",
      `/v1/clients/${acme}/orders?limit=1`,
    );
    expect(status).toBe(200);
    expect(body.more).toBe(true);
    const [order] = body.orders;
    expect(order).toMatchObject({ state: "placed", counts: true, why: "a sale: placed", messages: 1 });
    expect(order!.history).toMatchObject([{ type: "order.placed", change: order!.revenue_net }]);
    const one = await world.call<{ orders: ClientOrder[] }>(
      "GET",
      `/v1/clients/${acme}/orders?order=${order!.order_id}`,
    );
    expect(one.body.orders).toEqual(body.orders);
    const page = await world.call<Dossier>("GET", `/v1/clients/${acme}`);
    const all = await world.call<{ orders: ClientOrder[] }>("GET", `/v1/clients/${acme}/orders`);
    expect(all.body.orders.reduce((sum, { revenue_net }) => sum + revenue_net, 0)).toBeCloseTo(
      page.body.revenue.net,
      6,
    );
    expect(sayOrders("Acme", all.body.orders, false)).toContain("order.placed");
  });

  it("keeps what people write, with who and since when, through a merge and back", async () => {
    const put = async (path: string, value: unknown) =>
      await world.call<{ error: string; detail: string }>(
        "PUT",
        `/v1/${path}`,
        { value },
        { "x-keypulse-user": "ana" },
      );
    for (const [field, value] of [
      ["owner", "nobody"],
      ["nps", 11],
      ["payment_days", "soon"],
      ["name", " "],
    ] as const) {
      const { status, body } = await put(`clients/${acme}/fields/${field}`, value);
      expect([status, body.detail]).toEqual([400, expect.stringMatching(/^value: must/)]);
    }
    const unknown = await put(`clients/${acme}/fields/Colour`, "red");
    expect([unknown.status, unknown.body.detail]).toEqual([404, expect.stringContaining("custom.colour")]);

    expect((await put(`clients/${old}/fields/name`, "Acme before")).status).toBe(200);
    expect((await put(`clients/${acme}/fields/custom.colour`, { main: "red" })).status).toBe(200);
    expect((await put(`contacts/${ann}/fields/role`, "decides")).status).toBe(200);
    expect(await show(acme)).toMatchObject({
      name: "Acme before",
      fields: [
        { name: "custom.colour", value: { main: "red" }, source: "written", who: "ana" },
        { name: "name", value: "Acme before", who: "ana" },
      ],
    });
    expect((await show(globex)).contacts[0]).toMatchObject({ role: "decides" });

    await insertRows(world.clickhouse, "identity_clients", [{ key: old, client_id: old, version: 2 }]);
    expect((await show(acme)).fields.map(({ name }) => name)).toEqual(["custom.colour"]);
    expect(await show(old)).toMatchObject({ name: "Acme before", orders: { number: 1 } });
    expect((await world.call("DELETE", `/v1/clients/${old}/fields/name`)).status).toBe(204);
    expect((await show(old)).name).toBe("acme-old");
    expect(await world.rows("SELECT count() AS n FROM client_traits_history WHERE trait = 'name'")).toEqual([{ n: 2 }]);
  });
});
