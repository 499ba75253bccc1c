import { readdirSync, readFileSync } from "node:fs";
import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { isKnownType } from "./events.ts";
import {
  chargeStates,
  checkoutStates,
  disputeStates,
  invoiceStates,
  paymentIntentStates,
  refundStates,
} from "./states.ts";
import { neededEvents, stripe } from "./stripe.ts";

const secret = "whsec_test_secret";
const { webhooks } = new Stripe("sk_test_unused");
const receivedAt = new Date(1_760_000_000_000);
const context = contextOf(stripe, { secrets: [secret], receivedAt });

function signedByLibrary(payload: string, key = secret, timestamp = 1_760_000_000) {
  const header = webhooks.generateTestHeaderString({ payload, secret: key, timestamp });
  return providerRequest(payload, { "Stripe-Signature": header });
}

describe("Stripe's signature", () => {
  const body = '{"id":"evt_1","object":"event","type":"invoice.paid"}';
  const vector = "t=1760000000,v1=ac812bc54f9b023affb7a75a8194ced941f0f232ae31e8cc54b1c0dc177ace4d";
  const verify = (request: ReturnType<typeof providerRequest>, given = context) =>
    stripe.verify(request, given, offline);

  it("reproduces the vector, which is what the official library makes", async () => {
    expect(await verify(providerRequest(body, { "Stripe-Signature": vector }))).toEqual({ ok: true });
    expect(signedByLibrary(body).headers["stripe-signature"]).toBe(vector);
  });

  it("takes any of several signatures and secrets, and ignores v0", async () => {
    const other = "v1=0000000000000000000000000000000000000000000000000000000000000000";
    const [time, good] = vector.split(",") as [string, string];
    const several = providerRequest(body, { "Stripe-Signature": `${time},${other},${good},v0=abc` });
    expect(await verify(several)).toEqual({ ok: true });
    expect(await verify(several, { ...context, secrets: ["whsec_new", secret] })).toEqual({ ok: true });
    const onlyV0 = providerRequest(body, { "Stripe-Signature": `${time},${good.replace("v1", "v0")}` });
    expect(await verify(onlyV0)).toMatchObject({ ok: false });
  });

  it("refuses a changed body, another secret, an old signature, and headers that are missing or no signature", async () => {
    const changed = { ...signedByLibrary(body), body: Buffer.from(body.replace("paid", "void")) };
    const refused = [
      changed,
      signedByLibrary(body, "whsec_other"),
      signedByLibrary(body, secret, 1_760_000_000 - 301),
      providerRequest(body),
      ...["", "t=,v1=", "v1=abc", "t=1760000000", "t=1760000000,v1=abc", "=,=", "t"].map((header) =>
        providerRequest(body, { "Stripe-Signature": header }),
      ),
    ];
    for (const request of refused) expect(await verify(request)).toMatchObject({ ok: false });
  });

  it("signs its own sample so that the official library takes it", () => {
    const sample = stripe.sample("https://collector.example/hooks/s1", context);
    const header = sample.headers["stripe-signature"]!;
    const event = webhooks.constructEvent(sample.body, header, secret, undefined, undefined, receivedAt.getTime());
    expect(event.type).toBe("checkout.session.completed");
    expect(eventsOf(stripe.parse(sample, context)).map(({ type }) => type)).toEqual(["order.placed", "order.updated"]);
  });
});

interface Sample {
  data: { object: Record<string, unknown>; previous_attributes?: Record<string, unknown> };
  [name: string]: unknown;
}
const sampleOf = (name: string): Sample =>
  JSON.parse(readFileSync(new URL(`samples/${name}.json`, import.meta.url), "utf8"));
const withObject = (name: string, members: Record<string, unknown>, type?: string): Sample => {
  const sample = sampleOf(name);
  return { ...sample, ...(type && { type }), data: { ...sample.data, object: { ...sample.data.object, ...members } } };
};
const parse = (body: unknown, settings: object = {}) =>
  stripe.parse(providerRequest(JSON.stringify(body)), contextOf(stripe, { settings }));

/** An event of Stripe's as it is sent, with this object in it. */
const eventOf = (type: string, object: object, created = 1_767_323_045, previous?: object) => ({
  id: `evt_${type}_${created}`,
  object: "event",
  type,
  created,
  livemode: true,
  data: { object, ...(previous && { previous_attributes: previous }) },
});
const told = (...bodies: unknown[]) => bodies.flatMap((body) => eventsOf(parse(body)));
/** The last word on each order, field by field, as statements are laid over each other. */
function documentsOf(events: ReturnType<typeof told>) {
  const orders = new Map<string, Record<string, unknown>>();
  const inOrder = events
    .filter(({ type }) => type === "order.placed" || type === "order.updated")
    .toSorted((a, b) => a.occurred_at.localeCompare(b.occurred_at) || a.type.localeCompare(b.type));
  for (const { properties } of inOrder) {
    const id = String(properties.order_id);
    orders.set(id, { ...orders.get(id), ...properties });
  }
  return orders;
}

describe("Stripe's events", () => {
  it("make one order of a checkout, its intent and its charge", () => {
    expect(told(sampleOf("checkoutSession"))).toMatchObject([
      {
        id: "pi_1:placed",
        type: "order.placed",
        occurred_at: "2026-01-02T03:04:05.000Z",
        identifiers: {
          account_id: "735",
          user_id: "stripe:customer:cus_Na6",
          email: "ana@acme.example",
          phone: "+493012345678",
        },
        properties: { order_id: "pi_1", amount: "29.35", currency: "EUR" },
      },
      {
        type: "order.updated",
        properties: { order_id: "pi_1", state: "paid", payer: "cus_Na6", reference: "cart-7", company: "Acme" },
      },
    ]);
    for (const name of ["paymentIntent", "charge"]) {
      expect(told(sampleOf(name))).toMatchObject([
        { id: "pi_1:placed", properties: { order_id: "pi_1", amount: "29.35" } },
        { type: "order.updated", properties: { order_id: "pi_1", state: "paid", payer: "cus_Na6", amount: "29.35" } },
      ]);
    }
    const again = told(sampleOf("charge"), sampleOf("charge")).map(({ id }) => id);
    expect(new Set(again).size).toBe(2);
  });

  it("of a payment that takes days tell it pending, then paid or failed (it was never seen)", () => {
    const session = {
      id: "cs_7",
      payment_status: "unpaid",
      amount_total: 480000,
      currency: "eur",
      payment_intent: "pi_7",
    };
    const completed = eventOf("checkout.session.completed", session);
    expect(told(completed)).toMatchObject([
      { type: "order.updated", properties: { state: "pending", placed_at: "2026-01-02T03:04:05.000Z" } },
    ]);
    const later = 1_767_755_045;
    const roads = {
      paid: eventOf("payment_intent.succeeded", { id: "pi_7", amount_received: 480000, currency: "eur" }, later),
      "paid in the session's words": eventOf(
        "checkout.session.async_payment_succeeded",
        { ...session, payment_status: "paid" },
        later,
      ),
      failed: eventOf("checkout.session.async_payment_failed", session, later),
    };
    for (const [name, end] of Object.entries(roads)) {
      const documents = documentsOf(told(completed, end));
      expect(documents.get("pi_7"), name).toMatchObject({
        state: name === "failed" ? "failed" : "paid",
        amount: "4800.00",
        placed_at: "2026-01-02T03:04:05.000Z",
      });
      expect(documents.size).toBe(1);
    }
  });

  it("of money that is reserved tell it authorized, until it is captured or let go", () => {
    const charge = { ...sampleOf("charge").data.object, captured: false, amount_captured: 0 };
    expect(told(eventOf("charge.succeeded", charge))).toMatchObject([{ properties: { state: "authorized" } }]);
    const part = { ...charge, captured: true, amount_captured: 2000 };
    expect(told(eventOf("charge.captured", part))).toMatchObject([
      { type: "order.placed", properties: { amount: "20.00" } },
      { properties: { state: "paid", amount: "20.00" } },
    ]);
    expect(told(eventOf("charge.expired", charge))).toMatchObject([{ properties: { state: "failed" } }]);
    const reserved = { id: "pi_1", amount: 2935, currency: "eur", status: "requires_capture", latest_charge: "ch_1" };
    expect(told(eventOf("payment_intent.amount_capturable_updated", reserved))).toMatchObject([
      { properties: { state: "authorized", amount: "29.35" } },
    ]);
    const letGo = { ...reserved, status: "canceled" };
    expect(told(eventOf("payment_intent.canceled", letGo))).toMatchObject([{ properties: { state: "failed" } }]);
    // A cart that was left.
    const left = eventOf("payment_intent.canceled", { ...letGo, latest_charge: null });
    expect(parse(left)).toMatchObject([{ unused: "no_meaning" }]);
  });

  it("that hand money on to a connected account are no second sale", () => {
    expect(parse(withObject("charge", { id: "py_1", source_transfer: "tr_1" }))).toMatchObject([
      { unused: "no_meaning" },
    ]);
  });

  describe("of a subscription count each bill once", () => {
    const money = {
      amount_due: 5000,
      amount_paid: 5000,
      amount_remaining: 0,
      total: 5000,
      currency: "eur",
      customer: "cus_4",
    };
    const times = { finalized_at: 1_767_323_040, paid_at: 1_767_323_045 };
    const invoice = { id: "in_4", ...money, billing_reason: "subscription_create", status_transitions: times };
    const payment = { id: "pi_4", amount: 5000, amount_received: 5000, currency: "eur", customer: "cus_4" };
    const session = {
      id: "cs_4",
      mode: "subscription",
      payment_status: "paid",
      amount_total: 5000,
      currency: "eur",
      payment_intent: null,
      subscription: "sub_4",
      invoice: "in_4",
      customer: "cus_4",
      customer_details: { email: "sub@renews.example" },
    };

    it("by checkout and invoice: the order is the invoice, placed once", () => {
      const parent = { subscription_details: { subscription: "sub_4" } };
      const events = told(
        eventOf("checkout.session.completed", session),
        eventOf("invoice.paid", { ...invoice, parent }),
      );
      expect([...documentsOf(events).keys()]).toEqual(["in_4"]);
      expect(documentsOf(events).get("in_4")).toMatchObject({
        state: "paid",
        amount: "50.00",
        subscription: true,
        subscription_id: "sub_4",
        payer: "cus_4",
      });
      const placed = events.filter(({ type }) => type === "order.placed").map(({ id }) => id);
      expect(new Set(placed)).toEqual(new Set(["in_4:placed"]));
      expect(events).toContainEqual(
        expect.objectContaining({
          id: "in_4:paid",
          type: "invoice.paid",
          properties: expect.objectContaining({
            invoice_id: "in_4",
            order_id: "in_4",
            payer: "cus_4",
            amount: "50.00",
          }),
        }),
      );
    });

    it("in API versions up to 2025-02-24, which name the invoice on the payment", () => {
      const old = told(
        eventOf("payment_intent.succeeded", { ...payment, invoice: "in_4" }),
        eventOf("charge.succeeded", {
          id: "ch_4",
          amount: 5000,
          currency: "eur",
          payment_intent: "pi_4",
          invoice: "in_4",
        }),
        eventOf("invoice.paid", { ...invoice, subscription: "sub_4", payment_intent: "pi_4", charge: "ch_4" }),
      );
      expect(documentsOf(old).get("pi_4")).toMatchObject({ part_of: "in_4", state: "paid", amount: "50.00" });
      expect(documentsOf(old).get("in_4")).toMatchObject({ state: "paid", subscription: true });
      expect(old.filter(({ type }) => type === "order.placed").map(({ id }) => id)).toEqual(["in_4:placed"]);
    });

    it("in API versions since 2025-03-31, where the payment says its payer alone", () => {
      const alone = told(eventOf("payment_intent.succeeded", payment));
      expect(alone[1]!.properties).toMatchObject({ order_id: "pi_4", payer: "cus_4", amount: "50.00" });
      expect(alone[1]!.properties).not.toHaveProperty("part_of");
      const made = {
        id: "inpay_1",
        object: "invoice_payment",
        invoice: "in_4",
        amount_paid: 5000,
        amount_requested: 5000,
        currency: "eur",
        payment: { type: "payment_intent", payment_intent: "pi_4" },
        status_transitions: { paid_at: 1_767_323_045 },
      };
      expect(told(eventOf("invoice_payment.paid", made))).toMatchObject([
        {
          id: "inpay_1:paid",
          type: "invoice.paid",
          properties: { invoice_id: "in_4", order_id: "in_4", payment_id: "inpay_1", amount: "50.00", currency: "EUR" },
        },
        { type: "order.updated", properties: { order_id: "pi_4", part_of: "in_4" } },
      ]);
      const payments = { data: [{ payment: { type: "payment_intent", payment_intent: "pi_4" } }] };
      expect(documentsOf(told(eventOf("invoice.paid", { ...invoice, payments }))).get("pi_4")).toEqual({
        order_id: "pi_4",
        part_of: "in_4",
      });
    });

    it("and no bill of nothing is a sale", () => {
      const nothing = { ...invoice, amount_due: 0, amount_paid: 0, total: 0 };
      expect(told(eventOf("invoice.paid", nothing)).map(({ type }) => type)).toEqual(["invoice.paid"]);
    });

    it("with its tax and what was bought", () => {
      const lines = {
        has_more: false,
        data: [
          {
            description: "Remaining time",
            amount: 6000,
            quantity: 2,
            pricing: { price_details: { product: "prod_2" } },
          },
          { description: "Unused time", amount: -1840, quantity: 1, price: { id: "price_1", product: "prod_1" } },
        ],
      };
      const paid = { ...invoice, lines, total_taxes: [{ amount: 640 }, { amount: 200 }] };
      expect(documentsOf(told(eventOf("invoice.paid", paid))).get("in_4")).toMatchObject({
        tax: "8.40",
        items: [
          { sku: "prod_2", quantity: "2", unit_price: "30" },
          { sku: "prod_1", quantity: "1", unit_price: "-18.4" },
        ],
      });
    });
  });

  it("tell of a refund by its id in every state, and give back what failed", () => {
    expect(told(sampleOf("refund"))).toMatchObject([
      {
        id: "re_2:refunded",
        type: "order.refunded",
        properties: { order_id: "pi_1", refund_id: "re_2", amount: "5.00", currency: "EUR", state: "succeeded" },
      },
    ]);
    const refund = sampleOf("refund").data.object;
    const inState = (type: string, status: string, previous?: object) =>
      parse(eventOf(type, { ...refund, status }, undefined, previous));
    expect(eventsOf(inState("refund.created", "pending"))).toMatchObject([
      { id: "re_2:pending", properties: { state: "pending" } },
    ]);
    expect(eventsOf(inState("refund.updated", "succeeded", { status: "pending" }))).toMatchObject([
      { id: "re_2:refunded" },
    ]);
    for (const [type, status] of [
      ["refund.failed", "failed"],
      ["charge.refund.updated", "failed"],
      ["refund.updated", "canceled"],
    ] as const) {
      expect(eventsOf(inState(type, status))).toMatchObject([
        { type: "refund.failed", properties: { order_id: "pi_1", refund_id: "re_2" } },
      ]);
    }
    expect(inState("refund.updated", "succeeded", { metadata: {} })).toMatchObject([{ unused: "no_meaning" }]);
  });

  it("tell what a charge says of its refunds: each by its id, or their sum", () => {
    expect(told(sampleOf("chargeRefunded"))).toMatchObject([
      { type: "order.updated", properties: { order_id: "pi_1", refunded: "15.00", currency: "EUR" } },
    ]);
    const data = [
      { id: "re_1", amount: 1000, created: 1_767_400_000, status: "succeeded" },
      { id: "re_2", amount: 500, created: 1_767_500_000, status: "pending" },
    ];
    const [listed] = told(withObject("chargeRefunded", { refunds: { data, has_more: false } }));
    expect(listed!.properties.refunds).toEqual([
      { refund_id: "re_1", amount: "10.00", at: "2026-01-03T00:26:40.000Z", state: "succeeded" },
      { refund_id: "re_2", amount: "5.00", at: "2026-01-04T04:13:20.000Z", state: "pending" },
    ]);
    expect(listed!.properties).not.toHaveProperty("refunded");
    expect(told(withObject("chargeRefunded", { refunds: { data, has_more: true } }))[0]!.properties.refunded).toBe(
      "15.00",
    );
  });

  it("tell how a dispute stands, by its id", () => {
    const dispute = {
      id: "dp_1",
      amount: 2935,
      currency: "eur",
      charge: "ch_1",
      payment_intent: "pi_1",
      reason: "fraudulent",
    };
    const stands = ["created", "funds_withdrawn", "closed"].map((type, index) =>
      eventOf(
        `charge.dispute.${type}`,
        { ...dispute, status: index < 2 ? "needs_response" : "lost" },
        1_767_500_000 + index,
      ),
    );
    expect(told(...stands).map(({ type, properties }) => [type, properties.dispute_id, properties.state])).toEqual([
      ["payment.disputed", "dp_1", "open"],
      ["payment.disputed", "dp_1", "open"],
      ["payment.disputed", "dp_1", "lost"],
    ]);
    expect(told(stands[0])[0]!.properties).toMatchObject({ order_id: "pi_1", amount: "29.35", currency: "EUR" });
  });

  it("follow an invoice, whose subscription older API versions keep elsewhere", () => {
    const paidAt = { finalized_at: 1767323040, paid_at: 1767324000 };
    const old = { parent: undefined, subscription: "sub_1" };
    const steps = told(
      sampleOf("invoice"),
      withObject("invoice", { amount_paid: 5000, status_transitions: paidAt, ...old }, "invoice.paid"),
      withObject("invoice", { due_date: 1767000000 }, "invoice.overdue"),
    ).filter(({ type }) => type.startsWith("invoice."));
    expect(steps.map(({ id, type, occurred_at, properties }) => [id, type, occurred_at, properties.amount])).toEqual([
      ["in_1:issued", "invoice.issued", "2026-01-02T03:04:00.000Z", "50.00"],
      ["in_1:paid", "invoice.paid", "2026-01-02T03:20:00.000Z", "50.00"],
      ["in_1:overdue", "invoice.overdue", "2026-01-02T03:04:05.000Z", "50.00"],
    ]);
    expect(steps.map(({ properties }) => properties.subscription_id)).toEqual(["sub_1", "sub_1", "sub_1"]);
    expect(steps[2]!.properties.due_at).toBe("2025-12-29T09:20:00.000Z");
    expect(parse({ ...sampleOf("invoice"), type: "invoice.payment_succeeded" })).toMatchObject([
      { unused: "no_meaning" },
    ]);
  });

  it.each([
    ["invoice.finalized", "invoice.issued", "pending"],
    ["invoice.voided", "invoice.voided", "deleted"],
    ["invoice.marked_uncollectible", "invoice.uncollectible", "failed"],
    ["invoice.overdue", "invoice.overdue", "pending"],
  ])("know by %s what became of an invoice's debt, and that it is no sale", (type, ours, state) => {
    expect(told(withObject("invoice", {}, type))).toMatchObject([
      { type: ours, properties: { invoice_id: "in_1", order_id: "in_1", payer: "cus_Na6", amount: "50.00" } },
      { type: "order.updated", properties: { order_id: "in_1", state } },
    ]);
  });

  it("take what a credit note takes: a debt, or money that went back beside Stripe", () => {
    const note = {
      id: "cn_1",
      invoice: "in_1",
      currency: "eur",
      customer: "cus_Na6",
      amount: 3000,
      reason: "duplicate",
    };
    const open = { ...note, pre_payment_amount: 3000, post_payment_amount: 0 };
    expect(told(eventOf("credit_note.created", open))).toMatchObject([
      {
        id: "cn_1:credited",
        type: "invoice.credited",
        properties: { credit_id: "cn_1", invoice_id: "in_1", amount: "30.00" },
      },
    ]);
    expect(told(eventOf("credit_note.voided", open))).toMatchObject([
      { id: "cn_1:voided", type: "invoice.credited", properties: { credit_id: "cn_1", amount: "0.00" } },
    ]);
    const paid = { ...note, pre_payment_amount: 0, post_payment_amount: 3000 };
    expect(parse(eventOf("credit_note.created", paid))).toMatchObject([{ unused: "no_meaning" }]);
    expect(told(eventOf("credit_note.created", { ...paid, out_of_band_amount: 1000 }))).toMatchObject([
      { type: "order.refunded", properties: { order_id: "in_1", refund_id: "cn_1", amount: "10.00" } },
    ]);
  });

  it.each([
    ["Stripe tries again", { attempted: true }, false],
    ["it was the last attempt", { attempted: true, next_payment_attempt: null }, true],
    ["the date is past", { due_date: 1767000000 }, true],
    ["the date is ahead", { due_date: 1768000000, next_payment_attempt: null, attempted: true }, false],
  ])("make an invoice overdue by a failed payment only when it is final: %s", (_name, members, overdue) => {
    const elements = parse(withObject("invoice", members, "invoice.payment_failed"));
    const expected = { id: "in_1:overdue", type: "invoice.overdue", properties: { reason: "payment_failed" } };
    if (overdue) expect(eventsOf(elements)).toMatchObject([expected, { type: "order.updated" }]);
    else expect(elements).toMatchObject([{ unused: "no_meaning" }]);
  });

  it("tell of a subscription's end without touching revenue, and of customers", () => {
    expect(told(sampleOf("subscription"))).toMatchObject([
      {
        id: "sub_1:cancelled",
        type: "order.cancelled",
        properties: { order_id: "sub_1", amount: "0.00", subject: "subscription", reason: "too_expensive" },
      },
      { type: "identify", traits: { subscription_status: "canceled" } },
    ]);
    expect(told(sampleOf("customer"))).toMatchObject([
      {
        id: "evt_8",
        type: "identify",
        identifiers: { user_id: "stripe:customer:cus_Na6", crm_id: "0061", email: "ana@acme.example" },
        traits: { name: "Acme", country: "DE" },
      },
    ]);
  });

  it.each<[string, object, object, string | undefined, object]>([
    [
      "is to end with its period",
      { cancel_at_period_end: true, current_period_end: 1_769_000_000 },
      { cancel_at_period_end: false },
      "Subscription Cancellation Scheduled",
      { subscription_ends_at: "2026-01-21T12:53:20.000Z" },
    ],
    [
      "is kept after all",
      {},
      { cancel_at_period_end: true },
      "Subscription Cancellation Withdrawn",
      { subscription_ends_at: null },
    ],
    [
      "is paused",
      { pause_collection: { behavior: "void" } },
      { pause_collection: null },
      "Subscription Paused",
      { subscription_status: "paused" },
    ],
    [
      "has fewer seats",
      {},
      { items: { data: [{ price: { currency: "eur", unit_amount: 5000 }, quantity: 3 }] } },
      "Subscription Reduced",
      { subscription_amount: "50", subscription_currency: "EUR" },
    ],
    [
      "is paid by the year, for less",
      {},
      {
        items: {
          data: [{ price: { currency: "eur", unit_amount: 36000, recurring: { interval: "year" } }, quantity: 1 }],
        },
      },
      "Subscription Increased",
      {},
    ],
    ["goes into its next period", {}, { latest_invoice: "in_1" }, undefined, {}],
  ])(
    "say that a subscription %s, as a trait and as the client's decision",
    (_name, members, previous, name, traits) => {
      const now = { ...sampleOf("subscription").data.object, status: "active", ended_at: null, ...members };
      const [known, decided, ...more] = told(eventOf("customer.subscription.updated", now, undefined, previous));
      expect(known).toMatchObject({ type: "identify", traits: { subscription_status: "active", ...traits } });
      expect(decided?.properties.name).toBe(name);
      expect(more).toEqual([]);
    },
  );

  describe("and its types of 2026", () => {
    const typesOf = (name: string) =>
      readFileSync(new URL(`resources/${name}.d.ts`, import.meta.resolve("stripe")), "utf8");
    /** The values of the first type of this name, which is that of the object itself. */
    const valuesOf = (file: string, type: string) => {
      const [, union = ""] = new RegExp(`^    type ${type} = (.*);$`, "m").exec(typesOf(file)) ?? [];
      return [...union.matchAll(/'(\w+)'/g)].map(([, value]) => value);
    };

    it.each([
      ["PaymentIntents", "Status", paymentIntentStates],
      ["Charges", "Status", chargeStates],
      ["Checkout/Sessions", "PaymentStatus", checkoutStates],
      ["Invoices", "Status", invoiceStates],
      ["Disputes", "Status", disputeStates],
    ])("%s have no %s that the table lacks", (file, type, table) => {
      const values = valuesOf(file, type);
      expect(values.length).toBeGreaterThan(1);
      expect(values.toSorted()).toEqual(Object.keys(table).toSorted());
    });

    it("Refunds have no status that the table lacks: the package names them in words", () => {
      const [, words = ""] = /Status of the refund\.(.*?) Learn more/.exec(typesOf("Refunds")) ?? [];
      const values = [...words.matchAll(/`(\w+)`/g)].map(([, value]) => value);
      expect(values.toSorted()).toEqual(Object.keys(refundStates).toSorted());
    });

    it("have no event about payments, bills and subscriptions that isn't known here", () => {
      const families =
        /^(checkout\.session|payment_intent|charge|refund|invoice|invoice_payment|credit_note|customer\.subscription)\./;
      const types = [...typesOf("Events").matchAll(/type: '([\w.]+)'/g)].map(([, type]) => type!);
      expect(types.length).toBeGreaterThan(200);
      expect(types.filter((type) => families.test(type) && !isKnownType(type))).toEqual([]);
      const read = neededEvents.filter((type) => !types.includes(type) || !isKnownType(type));
      expect(read).toEqual([]);
      const [, choose] = stripe.setup("https://collector.example/hooks/s1");
      for (const type of neededEvents) expect(choose).toContain(type);
    });
  });

  it.each([
    ["eur", 2935, "29.35"],
    ["jpy", 2935, "2935"],
    ["krw", 5, "5"],
    ["kwd", 2935, "2.935"],
    ["isk", 10000, "100.00"],
    ["ugx", 500, "5.00"],
    ["huf", 100050, "1000.50"],
    ["twd", 80000, "800.00"],
    ["usd", 1, "0.01"],
    ["usd", 9007199254740991, "90071992547409.91"],
  ])("give amounts in %s as %i minor units, which is %s", (currency, minor, amount) => {
    const [element] = parse(withObject("paymentIntent", { currency, amount_received: minor }));
    const paid = { properties: { amount, currency: currency.toUpperCase() } };
    expect(element).toMatchObject({ events: [paid, paid] });
  });

  it("of test mode stay out of production, and are taken by a source for sandboxes", () => {
    const test = { ...sampleOf("checkoutSession"), livemode: false };
    expect(parse(test)).toMatchObject([{ unused: "test" }]);
    expect(eventsOf(parse(test, { sandbox: true }))).toHaveLength(2);
  });

  it("of connected accounts say whose they are; thin and unknown ones are kept", () => {
    const [event] = eventsOf(parse({ ...sampleOf("charge"), account: "acct_1" }));
    expect(event!.properties.connected_account).toBe("acct_1");
    expect(
      parse({ id: "evt_9", object: "v2.core.event", type: "v1.billing.meter.error_report_triggered" }),
    ).toMatchObject([{ unused: "no_meaning" }]);
    expect(parse({ ...sampleOf("charge"), type: "radar.early_fraud_warning.created" })).toMatchObject([
      { unused: "unknown_type" },
    ]);
  });

  it("are faults where they lack what Stripe documents, and malformed where they aren't objects", () => {
    const fault = { fault: "amount_received: is not a whole number of minor units" };
    expect(parse(withObject("paymentIntent", { amount_received: 29.35 }))).toMatchObject([fault]);
    expect(parse(withObject("paymentIntent", { amount_received: -1 }))).toMatchObject([fault]);
    expect(parse({ ...sampleOf("charge"), created: "now" })).toMatchObject([
      { fault: "created: is not a time in Unix seconds" },
    ]);
    for (const body of ["", "[]", '"x"']) {
      expect(() => stripe.parse(providerRequest(body), context)).toThrow(MalformedBody);
    }
  });

  it("never break the reader", () => {
    const names = readdirSync(new URL("samples", import.meta.url)).map((file) => file.replace(".json", ""));
    expectElementsOrMalformed(stripe, context, nearly(names.map(sampleOf)), (body) => providerRequest(body));
  });
});
