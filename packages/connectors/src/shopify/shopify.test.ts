import "@shopify/shopify-api/adapters/node";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { type IncomingMessage, ServerResponse } from "node:http";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { shopify } from "./shopify.ts";

const secret = "shopify-client-secret";
const sampleText = (name: string) => readFileSync(new URL(`samples/${name}.json`, import.meta.url), "utf8");
const sign = (body: string, key = secret) => createHmac("sha256", key).update(body).digest("base64");
const delivery = (topic: string, body: string, key = secret) =>
  providerRequest(body, { "X-Shopify-Topic": topic, "X-Shopify-Hmac-Sha256": sign(body, key) });
const parse = (topic: string, body: unknown) =>
  shopify.parse(delivery(topic, typeof body === "string" ? body : JSON.stringify(body)), contextOf(shopify));
const order = JSON.parse(sampleText("order"));

describe("Shopify's signature", () => {
  it("reproduces the vector, of a body whose id no double holds", async () => {
    const body = '{"id":820982911946154508,"total_price":"10.00","currency":"EUR"}';
    const request = providerRequest(body, {
      "X-Shopify-Hmac-Sha256": "5gWE5ZIhiFKam0Y95U/bu0nXImAqG/NGEwPil+LAmbA=",
    });
    expect(await shopify.verify(request, contextOf(shopify, { secrets: [secret] }), offline)).toEqual({ ok: true });
  });

  it("agrees with Shopify's own library about which delivery is genuine", async () => {
    const library = shopifyApi({
      apiKey: "key",
      apiSecretKey: secret,
      apiVersion: ApiVersion.July26,
      hostName: "collector.example",
      isEmbeddedApp: false,
      logger: { log: () => {} },
    });
    const context = contextOf(shopify, { secrets: [secret] });
    const sample = shopify.sample("https://collector.example/hooks/s1", context);
    const byLibrary = async (headers: Record<string, string | undefined>, body: Buffer) => {
      const rawRequest = { method: "POST", url: "/hooks/s1", headers } as unknown as IncomingMessage;
      const rawResponse = new ServerResponse(rawRequest);
      return (await library.webhooks.validate({ rawBody: body.toString(), rawRequest, rawResponse })).valid;
    };
    const events = Object.fromEntries(
      Object.entries(sample.headers).map(([name, value]) => [name.replace("x-shopify", "shopify"), value]),
    );
    for (const headers of [sample.headers, events]) {
      for (const body of [sample.body, Buffer.concat([sample.body, Buffer.from(" ")])]) {
        const genuine = body === sample.body;
        expect(await byLibrary(headers, body)).toBe(genuine);
        expect(await shopify.verify({ ...sample, headers, body }, context, offline)).toMatchObject({ ok: genuine });
      }
    }
  });

  it("takes the old secret while it is rotated, and neither another one nor none", async () => {
    const rotated = contextOf(shopify, { secrets: ["new-secret", secret] });
    const verify = (request: ReturnType<typeof providerRequest>) => shopify.verify(request, rotated, offline);
    expect(await verify(delivery("orders/create", "{}"))).toEqual({ ok: true });
    expect(await verify(delivery("orders/create", "{}", "new-secret"))).toEqual({ ok: true });
    expect(await verify(delivery("orders/create", "{}", "shop-admin"))).toMatchObject({ ok: false });
    expect(await verify(providerRequest("{}", { "X-Shopify-Hmac-Sha256": "short" }))).toMatchObject({ ok: false });
    expect(await verify(providerRequest("{}"))).toMatchObject({ ok: false });
  });
});

describe("Shopify's topics", () => {
  it("make the steps of an order, each with one id whatever delivery tells of it", () => {
    const steps = [
      ...parse("orders/create", order),
      ...parse("orders/paid", order),
      ...parse("fulfillments/create", sampleText("fulfillment")),
      ...parse("orders/fulfilled", { ...order, fulfillments: [{ created_at: "2026-01-03T09:00:00+01:00" }] }),
      ...parse("refunds/create", sampleText("refund")),
      ...parse("orders/cancelled", { ...order, cancelled_at: "2026-01-05T10:00:01+01:00" }),
    ];
    expect(eventsOf(steps).map(({ id, type, occurred_at }) => [id, type, occurred_at])).toEqual([
      ["order 5778367414385:placed", "order.placed", "2026-01-02T03:04:04+01:00"],
      ["order 5778367414385:paid", "order.paid", "2026-01-02T03:04:09+01:00"],
      ["order 5778367414385:shipped", "order.shipped", "2026-01-03T09:00:00+01:00"],
      ["order 5778367414385:shipped", "order.shipped", "2026-01-03T09:00:00+01:00"],
      ["order 5778367414385:refund-890088186047892319", "order.refunded", "2026-01-05T10:00:00+01:00"],
      ["order 5778367414385:cancelled", "order.cancelled", "2026-01-05T10:00:01+01:00"],
    ]);
  });

  it("say who ordered what", () => {
    expect(eventsOf(parse("ORDERS_CREATE", order))[0]).toMatchObject({
      identifiers: { user_id: "shopify:customer:7358220173425", email: "ana@acme.example", phone: "+493012345678" },
      properties: {
        order_id: "5778367414385",
        amount: "29.35",
        currency: "EUR",
        company: "Acme",
        items: [{ sku: "A-1", name: "Lamp", quantity: "1", unit_price: "29.35" }],
      },
    });
  });

  it("take a guest's order, an order at the till, and one of a company", () => {
    const { customer: _, ...guest } = order;
    const till = { ...guest, email: "", contact_email: null, billing_address: null, source_name: "pos" };
    const company = { ...order, company: { id: 123, location_id: 4 } };
    const who = [guest, till, company].map((body) => eventsOf(parse("orders/create", body))[0]!.identifiers);
    expect(who).toEqual([
      { email: "ana@acme.example", phone: "+493012345678" },
      {},
      expect.objectContaining({ account_id: "shopify:company:123" }),
    ]);
  });

  it("add up what a refund really paid back, and know no customer of it", () => {
    expect(eventsOf(parse("refunds/create", sampleText("refund")))[0]).toMatchObject({
      identifiers: {},
      properties: { order_id: "5778367414385", amount: "20.30", currency: "EUR", refund_id: "890088186047892319" },
    });
    const restocked = { ...JSON.parse(sampleText("refund")), transactions: [] };
    expect(parse("refunds/create", restocked)).toMatchObject([{ unused: "no_meaning" }]);
  });

  it.each([
    ["paid: refunds take it away", { financial_status: "paid" }, "0.00"],
    ["never paid", { financial_status: "pending" }, "29.35"],
    ["authorised only", { financial_status: "voided" }, "29.35"],
    ["paid in part", { financial_status: "partially_paid", total_outstanding: "9.35" }, "9.35"],
  ])("take away no money twice when an order is cancelled that was %s", (_name, state, amount) => {
    const body = { ...order, cancelled_at: "2026-01-05T10:00:01+01:00", ...state };
    expect(eventsOf(parse("orders/cancelled", body))[0]!.properties).toMatchObject({ amount, total: "29.35" });
  });

  it("make people known, and checkouts", () => {
    expect(eventsOf(parse("customers/update", sampleText("customer")))).toMatchObject([
      { id: "customer 7358220173425:2026-01-02T03:04:09+01:00", type: "identify", traits: { company: "Acme" } },
    ]);
    expect(eventsOf(parse("checkouts/create", sampleText("checkout")))).toMatchObject([
      { id: "checkout 123123123:created", type: "web.custom", properties: { name: "Checkout Started" } },
    ]);
  });

  it("keep ids above 2^53 whole, and make no event of a test order", () => {
    const test = sampleText("testOrder");
    expect(parse("orders/create", test)).toMatchObject([{ unused: "test" }]);
    const [event] = eventsOf(parse("orders/create", test.replace('"test": true', '"test": false')));
    expect(event).toMatchObject({
      id: "order 820982911946154508:placed",
      identifiers: { user_id: "shopify:customer:115310627314723954" },
      properties: { order_id: "820982911946154508", items: [{ sku: "SKU2006-001" }] },
    });
  });

  it("that mean nothing to us, or that we don't know, are kept", () => {
    expect(parse("orders/updated", order)).toMatchObject([{ unused: "no_meaning" }]);
    expect(parse("orders/partially_fulfilled", order)).toMatchObject([{ unused: "no_meaning" }]);
    expect(parse("products/create", order)).toMatchObject([{ unused: "unknown_type" }]);
    // The newer events deliver what a GraphQL query picked, under the resource's name.
    expect(parse("Order", { topic: "Order", action: "create" })).toMatchObject([{ unused: "unknown_type" }]);
    expect(parse("constructor", order)).toMatchObject([{ unused: "unknown_type" }]);
  });

  it("are faults where they lack what Shopify documents, and malformed where they aren't objects", () => {
    expect(parse("orders/create", { ...order, total_price: 1e300 })).toMatchObject([
      { fault: "total_price: is not an amount" },
    ]);
    expect(parse("orders/create", { ...order, id: null })).toMatchObject([{ fault: "id: is missing" }]);
    for (const body of ["", "[]", "null", "{"]) expect(() => parse("orders/create", body)).toThrow(MalformedBody);
  });

  it("never break the reader", () => {
    const samples = ["order", "testOrder", "refund", "fulfillment", "customer", "checkout"].map((name) =>
      sampleText(name),
    );
    const topics = [
      "orders/create",
      "orders/cancelled",
      "orders/fulfilled",
      "fulfillments/create",
      "refunds/create",
      "customers/update",
      "checkouts/create",
    ];
    for (const topic of topics) {
      const bodies = nearly(samples.map((text) => JSON.parse(text.replace('"test": true', '"test": false'))));
      expectElementsOrMalformed(shopify, contextOf(shopify), bodies, (body) =>
        providerRequest(body, { "X-Shopify-Topic": topic }),
      );
    }
  });

  it("has a sample that passes its own check", async () => {
    const context = contextOf(shopify, { secrets: [secret] });
    const sample = shopify.sample("https://collector.example/hooks/s1", context);
    expect(await shopify.verify(sample, context, offline)).toEqual({ ok: true });
    expect(eventsOf(shopify.parse(sample, context))).toMatchObject([
      { type: "order.placed", identifiers: { email: "wiring-test@keypulse.example" } },
    ]);
  });
});
