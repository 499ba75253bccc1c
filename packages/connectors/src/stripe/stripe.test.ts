import { readdirSync, readFileSync } from "node:fs";
import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../connector.ts";
import { expectElementsOrMalformed, nearly } from "../testing/mutations.ts";
import { contextOf, eventsOf, offline, providerRequest } from "../testing/requests.ts";
import { stripe } from "./stripe.ts";

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
    expect(eventsOf(stripe.parse(sample, context)).map(({ type }) => type)).toEqual(["order.placed", "order.paid"]);
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

describe("Stripe's events", () => {
  it("make an order and its payment of a checkout, and the same payment of its intent and its charge", () => {
    expect(eventsOf(parse(sampleOf("checkoutSession")))).toMatchObject([
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
        properties: { order_id: "pi_1", amount: "29.35", currency: "EUR", reference: "cart-7", company: "Acme" },
      },
      { id: "pi_1:paid", type: "order.paid" },
    ]);
    for (const name of ["paymentIntent", "charge"]) {
      expect(eventsOf(parse(sampleOf(name)))).toMatchObject([
        { id: "pi_1:paid", type: "order.paid", properties: { order_id: "pi_1", amount: "29.35" } },
      ]);
    }
    expect(parse(withObject("checkoutSession", { payment_status: "unpaid" }))).toMatchObject([
      { unused: "no_meaning" },
    ]);
    expect(parse(withObject("charge", { invoice: "in_1" }))).toMatchObject([{ unused: "no_meaning" }]);
  });

  it("tell of a refund once: by default by the refund, else by what was added to the charge's running total", () => {
    const byRefund = parse(sampleOf("refund"));
    expect(eventsOf(byRefund)).toMatchObject([
      {
        id: "re_2:refunded",
        type: "order.refunded",
        properties: { order_id: "pi_1", amount: "5.00", currency: "EUR" },
      },
    ]);
    expect(parse(sampleOf("chargeRefunded"))).toMatchObject([{ unused: "no_meaning" }]);
    const settings = { refunds: "charge.refunded" };
    expect(eventsOf(parse(sampleOf("chargeRefunded"), settings))).toMatchObject([
      { id: "ch_1:refunded-1500", type: "order.refunded", properties: { order_id: "pi_1", amount: "5.00" } },
    ]);
    expect(parse(sampleOf("refund"), settings)).toMatchObject([{ unused: "no_meaning" }]);
    expect(parse(withObject("refund", { status: "failed" }))).toMatchObject([{ unused: "no_meaning" }]);
  });

  it("follow an invoice, whose subscription older API versions keep elsewhere", () => {
    const paidAt = { finalized_at: 1767323040, paid_at: 1767324000 };
    const old = { parent: undefined, subscription: "sub_1" };
    const steps = [
      sampleOf("invoice"),
      withObject("invoice", { amount_paid: 5000, status_transitions: paidAt, ...old }, "invoice.paid"),
      withObject("invoice", { due_date: 1767000000 }, "invoice.overdue"),
    ].flatMap((body) => eventsOf(parse(body)));
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
    ["Stripe tries again", { attempted: true }, false],
    ["it was the last attempt", { attempted: true, next_payment_attempt: null }, true],
    ["the date is past", { due_date: 1767000000 }, true],
    ["the date is ahead", { due_date: 1768000000, next_payment_attempt: null, attempted: true }, false],
  ])("make an invoice overdue by a failed payment only when it is final: %s", (_name, members, overdue) => {
    const elements = parse(withObject("invoice", members, "invoice.payment_failed"));
    const expected = { id: "in_1:overdue", type: "invoice.overdue", properties: { reason: "payment_failed" } };
    if (overdue) expect(eventsOf(elements)).toMatchObject([expected]);
    else expect(elements).toMatchObject([{ unused: "no_meaning" }]);
  });

  it("tell of a subscription's end without touching revenue, and of customers", () => {
    expect(eventsOf(parse(sampleOf("subscription")))).toMatchObject([
      {
        id: "sub_1:cancelled",
        type: "order.cancelled",
        properties: { order_id: "sub_1", amount: "0.00", subject: "subscription", reason: "too_expensive" },
      },
    ]);
    expect(eventsOf(parse(sampleOf("customer")))).toMatchObject([
      {
        id: "evt_8",
        type: "identify",
        identifiers: { user_id: "stripe:customer:cus_Na6", crm_id: "0061", email: "ana@acme.example" },
        traits: { name: "Acme", country: "DE" },
      },
    ]);
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
    expect(element).toMatchObject({ events: [{ properties: { amount, currency: currency.toUpperCase() } }] });
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
