import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { statuses } from "./states.ts";
import { woocommerce } from "./woocommerce.ts";

const sampleText = (name: string) => readFileSync(new URL(`samples/${name}.json`, import.meta.url), "utf8");
const order = JSON.parse(sampleText("order"));
const context = contextOf(woocommerce, { secrets: ["wc-webhook-secret"] });
const delivery = (topic: string, body: string, signature = "none") =>
  providerRequest(body, { "X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signature });
const parse = (topic: string, body: unknown) =>
  woocommerce.parse(delivery(topic, typeof body === "string" ? body : JSON.stringify(body)), context);
const receivedAt = "2026-01-02T03:04:05.000Z";
const versionOf = (body: unknown, topic = "order.updated") =>
  eventsOf(parse(topic, body)).find(({ type }) => type === "order.updated")!;

describe("WooCommerce's signature", () => {
  const body = '{"id":727,"status":"processing","total":"29.35"}';
  const plain = delivery("order.updated", body, "VRUbEkDwVCkG/ELVIqn5FxsisR8RuGZdf2k+z65gKeM=");
  const quoted = delivery("order.updated", body, "AbZ9zr4+LVFJCtqEGyHygJjIF+v/1Mzwxq+BuQyyRE0=");
  const verify = (request: typeof plain, ...secrets: string[]) =>
    woocommerce.verify(request, contextOf(woocommerce, { secrets }), offline);

  it("reproduces the vectors, whichever way the shop shows a secret with special characters", async () => {
    expect(await verify(plain, "wc-webhook-secret")).toEqual({ ok: true });
    expect(await verify(quoted, 'a&b"c')).toEqual({ ok: true });
    expect(await verify(quoted, "a&amp;b&quot;c")).toEqual({ ok: true });
    expect(await verify(quoted, "a&#038;b&quot;c")).toEqual({ ok: true });
    expect(await verify(quoted, "a&amp;amp;b&quot;c")).toMatchObject({ ok: false });
  });

  it("takes two secrets while one is rotated, and no changed body, no other secret, no missing or short signature", async () => {
    expect(await verify(plain, "new", "wc-webhook-secret")).toEqual({ ok: true });
    const changed = { ...plain, body: Buffer.from(body.replace("29.35", "29.36")) };
    expect(await verify(changed, "wc-webhook-secret")).toMatchObject({ ok: false });
    expect(await verify(plain, "new")).toMatchObject({ ok: false });
    expect(await verify(delivery("order.updated", body, "x"), "wc-webhook-secret")).toMatchObject({ ok: false });
    expect(await verify(providerRequest(body), "wc-webhook-secret")).toMatchObject({ ok: false });
  });

  it("answers the unsigned ping with exactly 200, and takes nothing else for a ping", async () => {
    const ping = providerRequest("webhook_id=12", { "Content-Type": "application/x-www-form-urlencoded" });
    expect(await woocommerce.handshake?.(ping, context, offline)).toEqual({ reply: { status: 200 } });
    for (const other of [providerRequest("webhook_id=12&x=1"), providerRequest(body), plain, providerRequest("")]) {
      expect(await woocommerce.handshake?.(other, context, offline)).toBeUndefined();
    }
  });
});

describe("WooCommerce's orders", () => {
  it("are told whole at every update, and placed once, by an id that stays", () => {
    const pending = { ...order, status: "pending", date_paid_gmt: null, date_modified_gmt: "2026-01-02T03:04:05" };
    const completed = { ...order, status: "completed", date_completed_gmt: "2026-01-03T08:00:00" };
    const told = [pending, order, completed].map((body) => eventsOf(parse("order.updated", body)));
    expect(told.map((events) => events.map(({ id }) => id.replace(/:[0-9a-f]{12}$/, "")))).toEqual([
      ["order 727:updated-2026-01-02T03:04:05Z:pending"],
      ["order 727:placed", "order 727:updated-2026-01-02T03:04:10Z:paid"],
      ["order 727:placed", "order 727:updated-2026-01-02T03:04:10Z:fulfilled"],
    ]);
    expect(told[2]).toMatchObject([
      { type: "order.placed", occurred_at: "2026-01-02T03:04:05Z", properties: { amount: "29.35", currency: "EUR" } },
      {
        type: "order.updated",
        occurred_at: "2026-01-02T03:04:10Z",
        properties: {
          state: "fulfilled",
          amount: "29.35",
          tax: "1.35",
          shipping: "10.00",
          discount: "0.00",
          placed_at: "2026-01-02T03:04:05Z",
          paid_at: "2026-01-02T03:04:08Z",
          fulfilled_at: "2026-01-03T08:00:00Z",
          refunds: [],
        },
      },
    ]);
  });

  it("have one id for a version however often it comes, and two for two versions of one second, the later state last", () => {
    const pending = versionOf({ ...order, status: "pending", date_paid_gmt: null });
    const paid = versionOf(order);
    expect(versionOf(order, "order.created").id).toBe(paid.id);
    expect(versionOf({ ...order, total: "30.00" }).id).not.toBe(paid.id);
    expect(pending.occurred_at).toBe(paid.occurred_at);
    expect(Number(pending.properties.version)).toBeLessThan(Number(paid.properties.version));
  });

  it("that failed and were tried again until one was paid are one sale (a shop counted three)", () => {
    const tries = ["failed", "pending", "processing"].map((status, index) => ({
      ...order,
      id: 800 + index,
      status,
      date_paid_gmt: status === "processing" ? order.date_paid_gmt : null,
    }));
    const events = tries.flatMap((body) => eventsOf(parse("order.created", body)));
    expect(events.filter(({ type }) => type === "order.placed").map(({ properties }) => properties.order_id)).toEqual([
      "802",
    ]);
    expect(events.flatMap(({ properties }) => properties.state ?? [])).toEqual(["failed", "pending", "paid"]);
  });

  it("that were cancelled for want of payment are revived by a payment that comes late", () => {
    const unpaid = { ...order, date_paid_gmt: null };
    const states = [
      { ...unpaid, status: "pending" },
      { ...unpaid, status: "cancelled", date_modified_gmt: "2026-01-02T04:05:00" },
      { ...order, status: "processing", date_modified_gmt: "2026-01-02T05:00:00" },
    ].map((body) => versionOf(body));
    expect(states.map(({ occurred_at, properties }) => [occurred_at, properties.state])).toEqual([
      ["2026-01-02T03:04:10Z", "pending"],
      ["2026-01-02T04:05:00Z", "cancelled"],
      ["2026-01-02T05:00:00Z", "paid"],
    ]);
    expect(eventsOf(parse("order.updated", { ...unpaid, status: "cancelled" }))).toHaveLength(1);
  });

  it("that somebody makes by hand are filled later: the last version has the sum and the lines", () => {
    const empty = { ...order, status: "pending", total: "0.00", line_items: [], date_paid_gmt: null };
    expect(versionOf(empty).properties).toMatchObject({ state: "pending", amount: "0.00", items: [] });
    const done = { ...order, status: "completed", date_modified_gmt: "2026-01-04T09:00:00" };
    expect(versionOf(done).properties).toMatchObject({ state: "fulfilled", amount: "29.35", items: [{}, {}] });
  });

  it("list their refunds by id, at the time of the version, for the shop tells none", () => {
    const refunds = [
      { id: 730, reason: "damaged", total: "-9.30" },
      { id: 731, reason: "", total: "-20.05" },
    ];
    const { properties } = versionOf({ ...order, status: "refunded", refunds });
    expect(properties).toMatchObject({
      state: "refunded",
      amount: "29.35",
      refunds: [
        { refund_id: "730", amount: "9.30", at: "2026-01-02T03:04:10Z", reason: "damaged" },
        { refund_id: "731", amount: "20.05" },
      ],
    });
  });

  it.each([
    ["pending", false, "pending"],
    ["pending", true, "pending"],
    ["on-hold", false, "placed"],
    ["processing", false, "placed"],
    ["processing", true, "paid"],
    ["completed", true, "fulfilled"],
    ["cancelled", true, "cancelled"],
    ["refunded", true, "refunded"],
    ["failed", false, "failed"],
    ["trash", true, "deleted"],
    ["draft", false, "draft"],
    ["auto-draft", false, "draft"],
    ["checkout-draft", false, "draft"],
    ["wc-in-kiln", false, "pending"],
    ["wc-in-kiln", true, "paid"],
  ])("of status %s, with a date of payment: %s, are %s", (status, isPaid, state) => {
    const body = { ...order, status, date_paid_gmt: isPaid ? order.date_paid_gmt : null };
    expect(versionOf(body).properties).toMatchObject({ state, provider_state: status });
  });

  it("have no status that the table lacks", () => {
    // REST API v3, "Order properties": options of status; class WC_Order and the block checkout add the drafts.
    const documented = "pending, processing, on-hold, completed, cancelled, refunded, failed and trash";
    const internal = ["auto-draft", "draft", "checkout-draft"];
    const all = [...documented.split(/, | and /), ...internal];
    expect(all.toSorted()).toEqual(Object.keys(statuses).toSorted());
  });

  it("that are deleted, of which the shop says the id alone, are deleted when it tells so", () => {
    expect(eventsOf(parse("order.deleted", { id: 727 }))).toMatchObject([
      {
        type: "order.updated",
        occurred_at: receivedAt,
        identifiers: {},
        properties: { order_id: "727", state: "deleted" },
      },
    ]);
    expect(versionOf({ ...order, status: "processing" }, "order.restored").properties.state).toBe("paid");
  });

  it("say who ordered what: unit prices exact from the line's total, customers by their shop", () => {
    expect(eventsOf(parse("order.created", sampleText("order")))[1]).toMatchObject({
      identifiers: { user_id: "woocommerce:s1:customer:5", email: "ana@acme.example", phone: "(555) 555-5555" },
      properties: {
        order_id: "727",
        currency: "EUR",
        company: "Acme",
        items: [
          { sku: "93", name: "Woo Single #1", quantity: "2", unit_price: "3" },
          { sku: "Bar3", name: "Ship Your Idea", quantity: "3", unit_price: "3.3333" },
        ],
      },
    });
    expect(eventsOf(parse("order.created", { ...order, customer_id: 0 }))[0]!.identifiers).toEqual({
      email: "ana@acme.example",
      phone: "(555) 555-5555",
    });
  });

  it("of other kinds make no event", () => {
    expect(parse("product.updated", { id: 93 })).toMatchObject([{ unused: "no_meaning" }]);
    expect(parse("action.woocommerce_add_to_cart", { arg: 1 })).toMatchObject([{ unused: "unknown_type" }]);
  });

  it("are faults where they lack what WooCommerce documents, and malformed where they aren't objects", () => {
    expect(parse("order.updated", { ...order, total: "1,00" })).toMatchObject([{ fault: "total: is not an amount" }]);
    expect(parse("order.updated", { ...order, date_created_gmt: "yesterday", date_modified_gmt: null })).toMatchObject([
      { fault: "date_modified_gmt: is not a time such as 2026-01-31T09:30:00" },
    ]);
    for (const body of ["webhook_id=", "[]", "7"]) expect(() => parse("order.updated", body)).toThrow(MalformedBody);
  });

  it("never break the reader", () => {
    const refunded = { ...order, status: "refunded", refunds: [{ id: 728, reason: "damaged", total: "-10.00" }] };
    const completed = { ...order, status: "completed", date_completed_gmt: "2026-01-03T08:00:00" };
    const bodies = nearly([order, refunded, completed, JSON.parse(sampleText("customer"))]);
    for (const topic of ["order.updated", "customer.updated"]) {
      expectElementsOrMalformed(woocommerce, context, bodies, (body) =>
        providerRequest(body, { "X-WC-Webhook-Topic": topic }),
      );
    }
  });
});

describe("WooCommerce's customers", () => {
  it("become known at every change", () => {
    expect(eventsOf(parse("customer.updated", sampleText("customer")))).toMatchObject([
      {
        id: "customer 25:2026-01-02T10:00:00Z",
        type: "identify",
        identifiers: { user_id: "woocommerce:s1:customer:25", email: "john.doe@example.com" },
        traits: { company: "Doe Ltd" },
      },
    ]);
  });
});

describe("WooCommerce's wiring test", () => {
  it("has a sample that passes its own check", async () => {
    const sample = woocommerce.sample("https://collector.example/hooks/s1", context);
    expect(await woocommerce.verify(sample, context, offline)).toEqual({ ok: true });
    expect(sample.headers["x-wc-webhook-signature"]).toBe(
      createHmac("sha256", "wc-webhook-secret").update(sample.body).digest("base64"),
    );
    expect(eventsOf(woocommerce.parse(sample, context))).toMatchObject([
      { type: "order.placed" },
      { type: "order.updated" },
    ]);
  });
});
