import fs from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../json.ts";
import { nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, providerRequest } from "../testing/requests.ts";
import { outcomeOf, samplesOf } from "../testing/samples.ts";
import { mapSegmentMessage, type SegmentRequest } from "./message.ts";
import { segment } from "./segment.ts";
import { orderEventStates } from "./states.ts";

const samples = samplesOf(import.meta.url, fs);
const messages = [...samples].filter(([name]) => name !== "batch").map(([, sample]) => sample);
const sample = (name: string) => samples.get(name) as Record<string, object>;

const map = (message: unknown, request: Partial<SegmentRequest> & { given?: object } = {}) =>
  mapSegmentMessage(message, {
    receivedAt: new Date("2026-01-02T03:04:06Z"),
    settings: segment.settings.parse(request.given ?? {}),
    newId: () => "made-1",
    ...request,
  });
const eventOf = (message: unknown, request: Parameters<typeof map>[1] = {}) => eventsOf([map(message, request)])[0]!;
const tracked = (event: unknown, properties: object = {}, more: object = {}) => ({
  type: "track",
  messageId: "m-1",
  userId: "u-9",
  event,
  properties,
  ...more,
});

describe("Segment's and RudderStack's libraries as they are", () => {
  it("say traits in the context alone, and they are kept", () => {
    const identify = { type: "identify", messageId: "m-1", userId: "u-9" };
    const context = { traits: { email: "ana@acme.example", plan: "pro" } };
    expect(eventOf({ ...identify, context })).toMatchObject({ traits: { email: "ana@acme.example", plan: "pro" } });
    // What the message says itself goes before what the library remembers.
    expect(eventOf({ ...identify, traits: { plan: "free" }, context }).traits).toEqual({ plan: "free" });
  });

  it("keep sentAt when they try again: the wait moves no time", () => {
    const of = (name: string) =>
      eventOf(
        tracked(
          "Signed Up",
          {},
          { timestamp: "2026-01-02T03:04:00Z", context: { library: { name, version: "3.5.4" } } },
        ),
        { sentAt: "2026-01-02T03:04:01Z", receivedAt: new Date("2026-01-02T05:04:01Z") },
      ).occurred_at;
    for (const name of ["analytics-java", "analytics-go", "rudder-analytics-java"]) {
      expect(of(name)).toBe("2026-01-02T03:04:00.000Z");
    }
    // Of others the difference is that of the clocks.
    expect(of("analytics.js")).toBe("2026-01-02T05:04:00.000Z");
  });

  it("make an anonymous id anew for each message, which names nobody beside a user", () => {
    const message = (name: string, userId?: string) =>
      eventOf({
        ...{ type: "track", event: "Signed Up", messageId: "m-1", anonymousId: "made-anew" },
        ...{ userId, context: { library: { name, version: "4.2.3" } } },
      }).identifiers;
    expect(message("analytics-go", "u-9")).toEqual({ user_id: "u-9" });
    expect(message("analytics-go")).toEqual({ anonymous_id: "made-anew" });
    expect(message("analytics.js", "u-9")).toEqual({ user_id: "u-9", anonymous_id: "made-anew" });
  });

  it("send one message over the limit, which is refused by itself", () => {
    const large = tracked("Signed Up", { note: "x".repeat(33_000) });
    expect(outcomeOf(map(large, { mayBeTooLarge: true }))).toMatch(/^fault: .*32768 bytes/);
    expect(outcomeOf(map(tracked("Signed Up"), { mayBeTooLarge: true }))).toBe("web.custom");
  });

  it("of Go write orderId and sky, and Java's doubles have an exponent", () => {
    const products = [{ sky: "LAMP", price: 10, quantity: 1 }];
    const order = { orderId: "SO-1", currency: "EUR", products };
    const read = (total: string) => parseJson(Buffer.from(`{"total":${total},"share":0.30000000000000004}`)) as object;
    for (const total of ["1.23456789E7", "1.234567890000000E7", "12345678.9"]) {
      const placed = eventOf(tracked("Order Completed", { ...order, ...read(total) }));
      expect(Number(placed.properties.amount)).toBe(12_345_678.9);
      expect(placed.properties).toMatchObject({ order_id: "SO-1", items: [{ sku: "LAMP" }] });
    }
  });
});

describe("Segment messages", () => {
  it.each([
    ["track", "web.custom"],
    ["identify", "identify"],
    ["group", "group"],
    ["page", "web.page_viewed"],
    ["screen", "web.page_viewed"],
    ["alias", "alias"],
    ["product-viewed", "web.product_viewed"],
    ["order-completed", "order.placed order.updated"],
    ["order-refunded", "order.refunded"],
  ])("%s is %s", (name, outcome) => {
    const element = map(samples.get(name));
    expect(outcomeOf(element)).toBe(outcome);
    eventsOf([element]);
  });

  it("of type track keep their properties, beside the page, the campaign and who is behind them", () => {
    // Sent by a clock that runs 500 ms behind ours, as far as the network's time is none.
    expect(eventOf(samples.get("track"))).toEqual({
      id: "ajs-next-1767323045000-01",
      type: "web.custom",
      occurred_at: "2026-01-02T03:04:05.500Z",
      identifiers: { account_id: "c-1", user_id: "u-9", email: "ana@acme.example", anonymous_id: "a-1" },
      properties: {
        name: "Plan Upgraded",
        plan: "pro",
        seats: 5,
        url: "https://acme.example/plans",
        title: "Plans",
        referrer: "https://search.example/",
        campaign: "Spring",
        utm_source: "newsletter",
        utm_medium: "email",
      },
    });
  });

  it("of type identify say who somebody is; a user's id may be a number", () => {
    expect(eventOf(samples.get("identify"))).toEqual({
      id: "node-next-1767323045000-02",
      type: "identify",
      occurred_at: "2026-01-02T03:04:05.000Z",
      identifiers: { user_id: "97980", email: "Peter@acme.example", phone: "+1 512 555 0123" },
      properties: {},
      traits: {
        first_name: "Peter",
        last_name: "Gibbons",
        name: "Peter Gibbons",
        email: "Peter@acme.example",
        phone: "+1 512 555 0123",
        created_at: "2024-05-01T10:00:00Z",
        plan: null,
        company: { id: "c-1", name: "Acme", employee_count: 120 },
        address: { city: "Austin", postal_code: "78701" },
      },
    });
    expect(eventOf({ type: "identify", anonymousId: "a-1" })).not.toHaveProperty("traits");
  });

  it("of type identify that clear the e-mail address name none, even where the library remembers it", () => {
    const cleared = {
      type: "identify",
      userId: "u-9",
      traits: { email: null },
      context: { traits: { email: "a@b.c" } },
    };
    expect(eventOf(cleared)).toMatchObject({ identifiers: { user_id: "u-9" }, traits: { email: null } });
    expect(eventOf(cleared).identifiers).not.toHaveProperty("email");
  });

  it("of type group tell of a company, whose address is not the person's", () => {
    expect(eventOf(samples.get("group"))).toMatchObject({
      identifiers: { account_id: "c-1", user_id: "u-9" },
      traits: { name: "Initech", employees: 329, email: "office@initech.example", created_at: "2020-01-01" },
    });
    expect(eventOf(samples.get("group")).identifiers).not.toHaveProperty("email");
    expect(outcomeOf(map({ ...sample("group"), groupId: "" }))).toBe("fault: groupId: is missing");
  });

  it("of type page and screen have an address; crawlers are machines", () => {
    expect(eventOf(samples.get("page")).properties).toEqual({
      url: "https://acme.example/pricing",
      title: "Pricing",
      referrer: "https://search.example/",
      machine: true,
      name: "Pricing",
      category: "Docs",
      path: "/pricing",
      search: "",
    });
    expect(eventOf(samples.get("screen")).properties).toEqual({
      url: "app://example.acme.app/Order%20history",
      name: "Order history",
      feed: "private",
    });
    expect(eventOf({ type: "screen", userId: "u-9", name: "\ud800" }).properties.url).toBe("app:///%EF%BF%BD");
    const page = { type: "page", userId: "u-9" };
    expect(eventOf({ ...page, context: { page: { path: "/p" } } }).properties).toEqual({ url: "/p" });
    expect(eventOf({ ...page, name: "Pricing" }).properties).toEqual({ url: "Pricing", name: "Pricing" });
    expect(outcomeOf(map(page))).toBe("fault: properties.url: is missing, and so are the path and the name");
  });

  it("of type alias link the previous id as a user's and a visitor's, unless it is known as the visitor's", () => {
    expect(eventOf(samples.get("alias"))).toMatchObject({
      identifiers: { user_id: "u-9" },
      properties: { previous: { user_id: "temp-12", anonymous_id: "temp-12" } },
    });
    const ofVisitor = { type: "alias", userId: "u-9", anonymousId: "a-1", previousId: "a-1" };
    expect(eventOf(ofVisitor).properties).toEqual({ previous: { anonymous_id: "a-1" } });
    expect(outcomeOf(map({ type: "alias", userId: "u-9" }))).toBe("fault: previousId: is missing");
  });

  it("without anybody, without name, or of no known type are kept with the reason", () => {
    expect(outcomeOf(map({ type: "track", event: "X", userId: "", anonymousId: null }))).toMatch(
      /^fault: no_user_anon_id/,
    );
    expect(outcomeOf(map(tracked(undefined)))).toBe("fault: event: is missing");
    expect(outcomeOf(map({ userId: "u-9" }))).toBe("fault: type: is missing");
    expect(outcomeOf(map({ type: "delete", userId: "u-9" }))).toBe("unknown_type");
    expect(outcomeOf(map({ ...tracked("X"), timestamp: "soon" }))).toBe("fault: timestamp: is not an ISO 8601 time");
    for (const message of [null, 7, "track", [tracked("X")]]) {
      expect(outcomeOf(map(message))).toBe("fault: the message is not a JSON object");
    }
  });

  it("keep their id; one that is too long is hashed, and one that is missing is made", () => {
    expect(eventOf({ ...tracked("X"), messageId: "m".repeat(100) }).id).toBe("m".repeat(100));
    expect(eventOf({ ...tracked("X"), messageId: "m".repeat(101) }).id).toMatch(/^[0-9a-f]{64}$/);
    expect(eventOf({ ...tracked("X"), messageId: undefined }).id).toBe("made-1");
  });

  it("of RudderStack's library say when by originalTimestamp", () => {
    const sent = { originalTimestamp: "2026-01-02T03:04:00Z", sentAt: "2026-01-02T03:04:05Z", channel: "server" };
    expect(eventOf(tracked("X", {}, sent)).occurred_at).toBe("2026-01-02T03:04:01.000Z");
  });

  it("take the clock of the batch before their own, and its context after their own", () => {
    const request = { sentAt: "2026-01-02T03:04:16Z", batchContext: { groupId: "c-2", campaign: { name: "Autumn" } } };
    expect(eventOf({ ...sample("track"), context: { groupId: "c-1" } }, request)).toMatchObject({
      occurred_at: "2026-01-02T03:03:55.000Z",
      identifiers: { account_id: "c-1" },
      properties: { campaign: "Autumn" },
    });
  });
});

describe("Names of track events", () => {
  it.each([
    ["Product Viewed", "web.product_viewed"],
    ["product_clicked", "web.product_viewed"],
    ["Form Submitted", "web.form_submitted"],
    ["Form Completed", "web.form_submitted"],
    ["Sign-up Form Completed", "web.form_submitted"],
    ["Lead Captured", "web.form_submitted"],
    ["Order Completed", "order.placed order.updated"],
    ["orderCompleted", "order.placed order.updated"],
    ["Order Cancelled", "order.cancelled"],
    ["Order Canceled", "order.cancelled"],
    ["Order Refunded", "order.refunded"],
    ["Order Shipped", "order.shipped"],
    ["Order Updated", "order.updated"],
    ["Product Added", "web.custom"],
    ["Product Removed", "web.custom"],
    ["Cart Viewed", "web.custom"],
    ["Checkout Started", "web.custom"],
    ["Account Created", "web.custom"],
    ["Account Deleted", "web.custom"],
    ["Signed Up", "web.custom"],
    ["Signed In", "web.custom"],
    ["Signed Out", "web.custom"],
    ["Invite Sent", "web.custom"],
    ["Account Added User", "web.custom"],
    ["Account Removed User", "web.custom"],
    ["Trial Started", "web.custom"],
    ["Trial Ended", "web.custom"],
    ["constructor", "web.custom"],
  ])("%s is %s", (name, outcome) => {
    const element = map(tracked(name, { order_id: "o-1", total: 5, sku: "s-1" }, { context: { groupId: "c-1" } }));
    expect(outcomeOf(element)).toBe(outcome);
    expect(eventsOf([element])[0]).toMatchObject({ identifiers: { account_id: "c-1" } });
  });

  it("that mean a form are a setting", () => {
    const given = { form_events: ["Demo Requested"] };
    expect(eventOf(tracked("demo requested", { form_name: "Demo", name: "Ana" }), { given }).properties).toEqual({
      form: "Demo",
      form_name: "Demo",
      sent_name: "Ana",
    });
    expect(eventOf(tracked("Demo Requested"), { given }).properties).toEqual({ form: "Demo Requested" });
    expect(outcomeOf(map(tracked("Lead Captured"), { given }))).toBe("web.custom");
  });

  it("of products give the stock keeping unit, else the id, else the name", () => {
    expect(eventOf(samples.get("product-viewed")).properties).toMatchObject({
      sku: "G-32",
      name: "Monopoly: 3rd Edition",
      url: "https://acme.example/product/path",
      currency: "usd",
      price: 18.99,
      product_id: "507f1f77bcf86cd799439011",
    });
    expect(eventOf(tracked("Product Viewed", { product_id: 7 })).properties).toMatchObject({ sku: "7" });
    expect(eventOf(tracked("Product Viewed", { name: "Uno" })).properties).toEqual({ sku: "Uno", name: "Uno" });
    expect(outcomeOf(map(tracked("Product Viewed")))).toBe(
      "fault: properties.sku: is missing, and so are product_id and name",
    );
  });

  it("keep properties apart whose names mean something of their own here", () => {
    const sent = {
      name: "Chess",
      url: 7,
      machine: "M1",
      amount: "lots",
      items: 3,
      link: "x",
      direction: "up",
      plan: "pro",
    };
    expect(eventOf(tracked("Product Added", { ...sent, order_id: 12, currency: "EUR" })).properties).toEqual({
      name: "Product Added",
      sent_name: "Chess",
      url: "7",
      sent_machine: "M1",
      sent_amount: "lots",
      sent_items: 3,
      sent_link: "x",
      sent_direction: "up",
      plan: "pro",
      order_id: "12",
      currency: "EUR",
    });
  });

  it("keep a property that is named like an object's own workings from becoming them", () => {
    const sent = JSON.parse('{"__proto__": {"machine": true}, "constructor": 1}') as object;
    const { properties } = eventOf(tracked("X", sent));
    expect(properties).toEqual({ name: "X", constructor: 1 });
    expect(properties.machine).toBeUndefined();
  });

  it("by machines are marked, people's and servers' are not", () => {
    const by = (userAgent?: string) =>
      eventOf(tracked("X", {}, { context: { userAgent, ip: "203.0.113.7" } })).properties;
    expect(
      by("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/143.0 Safari/537.36"),
    ).toEqual({ name: "X", machine: true });
    expect(by("Mozilla/5.0 (Linux; Android 11; moto g power) Chrome-Lighthouse")).toMatchObject({ machine: true });
    expect(by("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toEqual({ name: "X" });
    expect(by()).toEqual({ name: "X" });
  });
});

describe("Orders", () => {
  const amountOf = (properties: object, name = "Order Completed", given = {}) => {
    const element = map(tracked(name, { order_id: "o-1", ...properties }), { given });
    if (!("events" in element)) return outcomeOf(element);
    const { amount, currency } = eventsOf([element])[0]!.properties;
    return `${amount} ${currency}`;
  };

  it("have their total, their currency and their products, and are paid", () => {
    const events = eventsOf([map(samples.get("order-completed"))]);
    const identifiers = { user_id: "u-9" };
    const occurred_at = "2026-01-02T03:04:05.000Z";
    const said = {
      order_id: "50314b8e9bcf000000000000",
      amount: "27.5",
      currency: "EUR",
      items: [
        { sku: "45790-32", name: "Monopoly: 3rd Edition", category: "Games", quantity: "1", unit_price: "19.99" },
        { sku: "505bd76785ebb509fc183733", name: "Uno Card Game", category: "Games", quantity: "2", unit_price: "3" },
      ],
      shipping: "3",
      tax: "2",
      discount: "2.5",
    };
    expect(events).toEqual([
      {
        id: "order 50314b8e9bcf000000000000:placed",
        type: "order.placed",
        occurred_at,
        identifiers,
        properties: {
          ...said,
          state: "paid",
          message_id: "ajs-next-1767323045000-08",
          campaign: "Spring",
          checkout_id: "fksdjfsdjfisjf9sdfjsd9f",
          affiliation: "Google Store",
          total: 27.5,
          subtotal: 22.5,
          revenue: 25,
          coupon: "hasbros",
        },
      },
      {
        id: expect.stringMatching(/^order 50314b8e9bcf000000000000:updated-2026-01-02T03:04:05.000Z:[0-9a-f]{12}$/),
        type: "order.updated",
        occurred_at,
        identifiers,
        properties: said,
      },
    ]);
  });

  it("are placed once, however often their page of thanks is loaded, and not revived by it", () => {
    const loads = [0, 1, 2].map((minute) => {
      const timestamp = `2026-01-02T09:0${minute}:00Z`;
      const message = tracked("Order Completed", { orderId: "SO-20", total: 80, currency: "EUR" });
      return eventsOf([map({ ...message, messageId: `reload-${minute}`, timestamp })]);
    });
    expect(loads.map(([placed]) => placed!.id)).toEqual(Array(3).fill("order SO-20:placed"));
    expect(loads.map(([, updated]) => updated!.properties)).toEqual(
      Array(3).fill({ order_id: "SO-20", amount: "80", currency: "EUR" }),
    );
  });

  it("that are updated say what they are now, and leave out what isn't said", () => {
    expect(eventOf(tracked("Order Updated", { orderId: 7, total: 90, state: "Texas" }))).toMatchObject({
      type: "order.updated",
      properties: { order_id: "7", amount: "90", currency: "USD" },
    });
    expect(eventOf(tracked("Order Updated", { order_id: 7 })).properties).toEqual({ order_id: "7" });
    const { properties } = eventOf(tracked("Order Completed", { order_id: 7, total: 1, state: "Texas", tax: "incl." }));
    expect(properties).toMatchObject({ state: "paid", sent_state: "Texas" });
    expect(properties).not.toHaveProperty("tax");
  });

  it.each([
    [{ total: 25.1 }, "25.1 USD"],
    [{ total: "25.10", currency: " eur " }, "25.10 EUR"],
    [{ revenue: 19.9 }, "19.9 USD"],
    [{ total: null, revenue: 19.9 }, "19.9 USD"],
    [{ total: 0, revenue: 19.9 }, "0 USD"],
    [{ total: 0.1 + 0.2 }, "0.3 USD"],
    [{ total: "2.00005" }, "2.0001 USD"],
    [{ total: 5.551115123125783e-17 }, "0 USD"],
    [{ total: -1e-17 }, "0 USD"],
    [{ total: 1234567.891 }, "1234567.891 USD"],
    [{ total: -5 }, "fault: properties.total: is not an amount"],
    [{ total: "$25" }, "fault: properties.total: is not an amount"],
    [{ total: {} }, "fault: properties.total: is not an amount"],
    [{ total: 1e21 }, "fault: properties.total: is not an amount"],
    [{ revenue: "free" }, "fault: properties.revenue: is not an amount"],
    [{}, "fault: properties.total: is missing, and so is revenue"],
    [{ total: 5, order_id: null }, "fault: properties.order_id: is missing"],
  ])("of %j are worth %s", (properties, expected) => {
    expect(amountOf(properties)).toBe(expected);
  });

  it("without currency have the source's", () => {
    expect(amountOf({ total: 5 }, "Order Completed", { currency: "CHF" })).toBe("5 CHF");
  });

  it("that are refunded take away what the refund says, not what its products cost; a minus means the same", () => {
    expect(eventOf(samples.get("order-refunded")).properties).toMatchObject({ amount: "3", currency: "EUR" });
    expect(amountOf({ total: -3.5 }, "Order Refunded")).toBe("3.5 USD");
    expect(eventOf(tracked("Order Refunded", { order_id: 7, total: 5, refund_id: "r-1" })).properties.refund_id).toBe(
      "r-1",
    );
    const products = [{ sku: "A", price: 2.5, quantity: 2 }];
    expect(amountOf({ products }, "Order Refunded")).toBe("5.00 USD");
  });

  it("that are cancelled, or refunded by their number alone, go back as a whole", () => {
    expect(eventOf(tracked("Order Cancelled", { order_id: 7, total: 8 }))).toMatchObject({
      type: "order.cancelled",
      properties: { order_id: "7", total: 8 },
    });
    expect(eventOf(tracked("Order Cancelled", { order_id: 7, total: 8 })).properties).not.toHaveProperty("amount");
    for (const more of [{}, { products: [{ sku: "A" }] }]) {
      expect(eventOf(tracked("Order Refunded", { orderId: 7, ...more }))).toMatchObject({
        type: "order.updated",
        properties: { order_id: "7", state: "refunded" },
      });
    }
  });

  it("have no event in Segment's specification that the table lacks", () => {
    // E-commerce specification, version 2, "Ordering", and what is often sent beside it.
    const specified = ["Order Completed", "Order Updated", "Order Refunded", "Order Cancelled"];
    expect(Object.keys(orderEventStates)).toEqual([...specified, "Order Shipped"]);
    for (const name of Object.keys(orderEventStates)) {
      expect(eventOf(tracked(name, { order_id: "o-1", total: 5 })).type).toMatch(/^order\./);
    }
  });

  it("that are shipped need no amount", () => {
    expect(
      eventOf(tracked("Order Shipped", { order_id: 12, currency: "EUR", products: [{ sku: 1 }] })).properties,
    ).toEqual({
      order_id: "12",
      products: [{ sku: 1 }],
    });
  });

  it("are no orders where the shop is a source of its own, so that none counts twice", () => {
    const given = { orders: "another_source" };
    expect(eventOf(samples.get("order-completed"), { given })).toMatchObject({
      type: "web.custom",
      properties: { name: "Order Completed", total: 27.5 },
    });
  });

  it("keep amounts as JSON writes them, to four places", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e11 }), fc.integer({ min: 0, max: 4 }), (units, places) => {
        const [amount] = amountOf({ total: units / 10 ** places }).split(" ");
        expect(Number(amount)).toBe(units / 10 ** places);
        expect(amount).toMatch(/^\d+(\.\d{1,4})?$/);
      }),
    );
  });
});

describe("A message that was kept", () => {
  const later = contextOf(segment, { receivedAt: new Date("2026-03-01T00:00:00Z") });
  const replay = (raw: Buffer) => segment.parse(providerRequest(raw), later);
  const shown = ({ raw: _, ...outcome }: object & { raw: Buffer }) => JSON.stringify(outcome);

  it("holds neither the visitor's address nor the write key", () => {
    const raw = map(samples.get("track")).raw.toString();
    expect(raw).not.toMatch(/203\.0\.113\.7|wk_test_1/);
  });

  it("gives the same events when it is replayed, whatever the message and however late", () => {
    const request = { sentAt: "2026-01-02T03:04:10Z", batchContext: { groupId: "c-1" } };
    fc.assert(
      fc.property(nearly(messages).random, fc.boolean(), (body, inBatch) => {
        let message: unknown;
        try {
          message = parseJson(body);
        } catch {
          return;
        }
        const element = map(message, inBatch ? request : {});
        expect("events" in element || "unused" in element || "fault" in element).toBe(true);
        expect(replay(element.raw).map(shown)).toEqual([shown(element)]);
      }),
      { numRuns: 1000 },
    );
  });
});
