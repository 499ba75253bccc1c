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
import { financialStates } from "./states.ts";

const secret = "shopify-client-secret";
const sampleText = (name: string) => readFileSync(new URL(`samples/${name}.json`, import.meta.url), "utf8");
const sign = (body: string, key = secret) => createHmac("sha256", key).update(body).digest("base64");
const delivery = (topic: string, body: string, key = secret) =>
  providerRequest(body, { "X-Shopify-Topic": topic, "X-Shopify-Hmac-Sha256": sign(body, key) });
const parse = (topic: string, body: unknown) =>
  shopify.parse(delivery(topic, typeof body === "string" ? body : JSON.stringify(body)), contextOf(shopify));
const order = JSON.parse(sampleText("order"));
/** What an order's body says of it as it is. */
const updated = (body: unknown, topic = "orders/updated") =>
  eventsOf(parse(topic, body)).find(({ type }) => type === "order.updated")!;

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
  it("tell an order whole, each version once whatever topic brings it, and its placing by an id that stays", () => {
    const sent = ["orders/create", "orders/updated", "ORDERS_CANCELLED", "orders/partially_fulfilled"];
    const told = sent.map((topic) => eventsOf(parse(topic, order)));
    expect(new Set(told.flat().map(({ id }) => id)).size).toBe(2);
    expect(told[0]).toMatchObject([
      {
        id: "order 5778367414385:placed",
        type: "order.placed",
        occurred_at: "2026-01-02T03:04:04+01:00",
        properties: { order_id: "5778367414385", amount: "29.35", currency: "EUR" },
      },
      {
        id: expect.stringMatching(/^order 5778367414385:updated-2026-01-02T03:04:09\+01:00:paid:[0-9a-f]{12}$/),
        type: "order.updated",
        occurred_at: "2026-01-02T03:04:09+01:00",
        properties: { state: "paid", placed_at: "2026-01-02T03:04:04+01:00", refunds: [] },
      },
    ]);
    expect(updated(order, "orders/paid").properties.paid_at).toBe("2026-01-02T03:04:09+01:00");
    const fulfilled = {
      fulfillment_status: "fulfilled",
      fulfillments: ["2026-01-04T09:00:00+01:00", "2026-01-03T09:00:00+01:00"].map((created_at) => ({ created_at })),
    };
    expect(updated({ ...order, ...fulfilled }, "orders/fulfilled").properties).toMatchObject({
      state: "fulfilled",
      fulfilled_at: "2026-01-04T09:00:00+01:00",
    });
    expect(eventsOf(parse("fulfillments/create", sampleText("fulfillment")))).toMatchObject([
      { id: "order 5778367414385:shipped", type: "order.shipped", occurred_at: "2026-01-03T09:00:00+01:00" },
    ]);
  });

  it("say who ordered what", () => {
    expect(updated(order, "ORDERS_CREATE")).toMatchObject({
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
    expect([guest, till, company].map((body) => updated(body).identifiers)).toEqual([
      { email: "ana@acme.example", phone: "+493012345678" },
      {},
      expect.objectContaining({ account_id: "shopify:company:123" }),
    ]);
  });

  it.each([
    ["pending", {}, "placed", true],
    ["authorized", {}, "authorized", false],
    ["partially_paid", {}, "placed", true],
    ["paid", {}, "paid", true],
    ["paid", { fulfillment_status: "fulfilled" }, "fulfilled", true],
    ["pending", { fulfillment_status: "fulfilled" }, "placed", true],
    ["partially_refunded", {}, "paid", true],
    ["refunded", {}, "refunded", true],
    ["voided", {}, "cancelled", false],
    ["expired", {}, "failed", false],
    ["paid", { cancelled_at: "2026-01-05T10:00:01+01:00" }, "cancelled", true],
    ["voided", { cancelled_at: "2026-01-05T10:00:01+01:00" }, "cancelled", false],
  ])("of the financial status %s, with %j, are %s, placed: %s", (financial_status, members, state, isPlaced) => {
    const events = eventsOf(parse("orders/updated", { ...order, financial_status, ...members }));
    expect(events.map(({ type }) => type)).toEqual(isPlaced ? ["order.placed", "order.updated"] : ["order.updated"]);
    expect(events.at(-1)!.properties).toMatchObject({ state, provider_state: financial_status });
  });

  it("have no financial status that the table lacks", () => {
    // GraphQL Admin API 2026-10, OrderDisplayFinancialStatus: valid values.
    const documented = "AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED";
    expect(documented.toLowerCase().split(" ")).toEqual(Object.keys(financialStates).toSorted());
  });

  it("add up what a refund really paid back, of an order whose owner it doesn't know", () => {
    const refund = JSON.parse(sampleText("refund"));
    expect(eventsOf(parse("refunds/create", sampleText("refund")))).toMatchObject([
      {
        id: "order 5778367414385:refund-890088186047892319",
        type: "order.refunded",
        identifiers: {},
        properties: {
          order_id: "5778367414385",
          amount: "20.30",
          currency: "EUR",
          state: "succeeded",
          refund_id: "890088186047892319",
          items: [{ sku: "A-1", quantity: "1", unit_price: "29.35" }],
        },
      },
    ]);
    expect(parse("refunds/create", { ...refund, transactions: [] })).toMatchObject([{ unused: "no_meaning" }]);
    const one = { kind: "refund", amount: "8.00", currency: null };
    const byState = (status: string) =>
      eventsOf(parse("refunds/create", { ...refund, transactions: [{ ...one, status }] }))[0]!.properties;
    // As documented, with a currency of null: the order's.
    expect(byState("success")).not.toHaveProperty("currency");
    expect(["success", "pending", "failure", "error"].map((status) => byState(status).state)).toEqual([
      "succeeded",
      "pending",
      "failed",
      "failed",
    ]);
  });

  describe("know what an order is worth before its refunds, whatever changed", () => {
    const desks = {
      ...order,
      total_price: "1000.00",
      line_items: [{ id: 9, sku: "DESK", title: "Desk", quantity: 5, current_quantity: 5, price: "200.00" }],
    };
    const twoLess = [{ ...desks.line_items[0], current_quantity: 3 }];
    const record = (members: object) => ({ id: 1, created_at: "2026-01-03T09:00:00Z", transactions: [], ...members });
    const paidBack = (amount: string, status = "success") => ({ transactions: [{ kind: "refund", status, amount }] });
    const piecesBack = { refund_line_items: [{ line_item_id: 9, quantity: 2, subtotal: "400.00", total_tax: "0.00" }] };
    const refunded = { financial_status: "partially_refunded" };

    it.each<[string, object, string, string | undefined]>([
      ["nothing", {}, "1000.00", "5"],
      ["two were edited away", { current_total_price: "600.00", line_items: twoLess }, "600.00", "3"],
      [
        "two were edited away, and the order lists that",
        { current_total_price: "600.00", line_items: twoLess, refunds: [record(piecesBack)] },
        "600.00",
        "3",
      ],
      ["one was added", { current_total_price: "1200.00" }, "1200.00", "5"],
      [
        "two came back for their money",
        {
          current_total_price: "600.00",
          line_items: twoLess,
          refunds: [record({ ...piecesBack, ...paidBack("400.00") })],
          ...refunded,
        },
        "1000.00",
        "5",
      ],
      [
        "two come back, and their money is on its way",
        {
          current_total_price: "600.00",
          line_items: twoLess,
          refunds: [record({ ...piecesBack, ...paidBack("400.00", "pending") })],
        },
        "1000.00",
        "5",
      ],
      [
        "two came back, and a fee was kept",
        {
          current_total_price: "600.00",
          line_items: twoLess,
          refunds: [record({ ...piecesBack, ...paidBack("350.00") })],
        },
        "1000.00",
        "5",
      ],
      [
        "money for goodwill, that is off what is left",
        { current_total_price: "980.00", refunds: [record(paidBack("20.00"))] },
        "1000.00",
        "5",
      ],
      [
        "money for goodwill, that is not",
        { current_total_price: "1000.00", refunds: [record(paidBack("20.00"))] },
        "1000.00",
        "5",
      ],
      [
        "the order was refunded, and doesn't list it",
        { current_total_price: "600.00", line_items: twoLess, refunds: undefined, ...refunded },
        "1000.00",
        "5",
      ],
      [
        "the order was cancelled before it was paid",
        {
          current_total_price: "0.00",
          line_items: [{ ...desks.line_items[0], current_quantity: 0 }],
          cancelled_at: "2026-01-03T09:00:00Z",
          financial_status: "voided",
          refunds: [
            record({ refund_line_items: [{ line_item_id: 9, quantity: 5, subtotal: "1000.00", total_tax: "0.00" }] }),
          ],
        },
        "1000.00",
        "5",
      ],
    ])("%s", (_name, members, amount, pieces) => {
      const { properties } = updated({ ...desks, ...members });
      expect(properties).toMatchObject({ amount, items: [{ sku: "DESK", quantity: pieces }] });
    });

    it("lists refunds of money alone, each by its id, in the shop's currency", () => {
      const inDollars = {
        presentment_currency: "USD",
        total_price_set: {
          shop_money: { amount: "1000.00", currency_code: "EUR" },
          presentment_money: { amount: "1250.00", currency_code: "USD" },
        },
        refunds: [
          record(piecesBack),
          record({ id: 2, transactions: [{ kind: "refund", status: "success", amount: "50.00", currency: "USD" }] }),
        ],
      };
      expect(updated({ ...desks, ...inDollars }).properties.refunds).toEqual([
        { refund_id: "2", amount: "40", at: "2026-01-03T09:00:00Z", state: "succeeded" },
      ]);
    });
  });

  it("owe what gift cards are sold for, and count what is bought with them", () => {
    const cards = { id: 1, title: "Gift card", sku: "GC", gift_card: true, quantity: 5, price: "100.00" };
    const basket = { id: 2, title: "Basket", sku: "BSK", gift_card: false, quantity: 1, price: "40.00" };
    const both = { ...order, total_price: "540.00", line_items: [cards, basket] };
    expect(updated(both).properties).toMatchObject({
      amount: "540.00",
      liabilities: [{ sku: "GC", quantity: "5", unit_price: "100.00" }],
      items: [{ sku: "BSK" }],
    });
    const used = { ...order, payment_gateway_names: ["gift_card"], line_items: [basket] };
    expect(updated(used).properties).not.toHaveProperty("liabilities");
    // A card that is given back is named by its line: the order says that it was no revenue.
    const back = {
      id: 3,
      order_id: order.id,
      created_at: "2026-01-05T10:00:00Z",
      refund_line_items: [{ quantity: 1, line_item_id: 1, subtotal: 100, total_tax: 0, line_item: cards }],
      transactions: [{ kind: "refund", status: "success", amount: "100.00", currency: "EUR" }],
    };
    expect(eventsOf(parse("refunds/create", back))).toMatchObject([
      { properties: { amount: "100.00", items: [{ sku: "GC", quantity: "1", unit_price: "100" }] } },
    ]);
  });

  it("name tax, shipping and discount as parts of the amount, and prices after discount", () => {
    const parts = {
      total_tax: "4.69",
      total_discounts: "6.00",
      taxes_included: true,
      total_shipping_price_set: { shop_money: { amount: "11.90", currency_code: "EUR" } },
      shipping_lines: [{ price: "11.90", tax_lines: [{ price: "1.90" }] }],
      line_items: [{ ...order.line_items[0], quantity: 3, price: "10.00", discount_allocations: [{ amount: "6.00" }] }],
    };
    expect(updated({ ...order, ...parts }).properties).toMatchObject({
      tax: "4.69",
      discount: "6.00",
      shipping: "10.00",
      items: [{ quantity: "3", unit_price: "8" }],
    });
  });

  it("tell of an order that was deleted by its id alone, at the time when Shopify fired it", () => {
    const request = delivery("orders/delete", '{"id":5778367414385}');
    const headers = { ...request.headers, "x-shopify-triggered-at": "2026-01-06T10:00:00.123456789Z" };
    expect(eventsOf(shopify.parse({ ...request, headers }, contextOf(shopify)))).toMatchObject([
      {
        type: "order.updated",
        occurred_at: "2026-01-06T10:00:00.123456789Z",
        identifiers: {},
        properties: { order_id: "5778367414385", state: "deleted" },
      },
    ]);
  });

  it("make one of two customers that the shop merged, and hear who wants no more mail", () => {
    const merge = {
      admin_graphql_api_customer_kept_id: "gid://shopify/Customer/1",
      admin_graphql_api_customer_deleted_id: "gid://shopify/Customer/2",
      admin_graphql_api_job_id: null,
      status: "completed",
      errors: [],
    };
    expect(eventsOf(parse("customers/merge", merge))).toMatchObject([
      {
        id: "customer 2:merged-into-1",
        type: "alias",
        identifiers: { user_id: "shopify:customer:1" },
        properties: { previous: { user_id: "shopify:customer:2" } },
      },
    ]);
    expect(parse("customers/merge", { ...merge, status: "failed" })).toMatchObject([{ unused: "no_meaning" }]);
    const consent = (state: string) => ({
      customer_id: 1,
      email_address: "ana@acme.example",
      email_marketing_consent: { state, consent_updated_at: "2026-01-06T10:00:00Z" },
    });
    const topic = "CUSTOMERS_EMAIL_MARKETING_CONSENT_UPDATE";
    expect(eventsOf(parse(topic, consent("unsubscribed")))).toMatchObject([
      { type: "email.unsubscribed", occurred_at: "2026-01-06T10:00:00Z", identifiers: { email: "ana@acme.example" } },
    ]);
    expect(parse(topic, consent("subscribed"))).toMatchObject([{ unused: "no_meaning" }]);
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
    const real = test.replace('"test": true', '"test": false');
    const [event] = eventsOf(shopify.parse(delivery("orders/create", real), contextOf(shopify)));
    expect(event).toMatchObject({
      id: expect.stringContaining("order 820982911946154508:updated"),
      identifiers: { user_id: "shopify:customer:115310627314723954" },
      properties: { order_id: "820982911946154508", items: [{ sku: "SKU2006-001" }] },
    });
  });

  it("that mean nothing to us, or that we don't know, are kept", () => {
    const edit = { order_edit: { id: 78, order_id: order.id, line_items: { additions: [], removals: [] } } };
    expect(parse("orders/edited", edit)).toMatchObject([{ unused: "no_meaning" }]);
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
      "orders/delete",
      "customers/merge",
      "customers_email_marketing_consent/update",
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
      { type: "order.updated" },
    ]);
  });
});
