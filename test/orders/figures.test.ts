import type { MappedEvent } from "@keypulse/connectors";
import { parseMapping } from "@keypulse/connectors/files";
import { describe, expect, it } from "vitest";
import { eventsOfFile, eventsOfHooks, type Figures, figuresOf, type Hook } from "./figuresOf.ts";

/** The same figures, however often and in whatever order the events come. */
function expectFigures(events: MappedEvent[], expected: Partial<Figures>) {
  const twice = [...events, ...events];
  const rotated = (by: number) => [...twice.slice(by), ...twice.slice(0, by)];
  for (const order of [twice, twice.toReversed(), ...twice.keys().map(rotated)]) {
    expect(figuresOf(order)).toMatchObject(expected);
  }
}

const shop = (members: object): Hook => ({
  topic: "orders/updated",
  body: {
    id: 7,
    name: "#7",
    created_at: "2026-11-02T09:00:00Z",
    updated_at: "2026-11-02T09:00:00Z",
    email: "ana@acme.example",
    customer: { id: 5 },
    currency: "EUR",
    total_price: "300.00",
    current_total_price: "300.00",
    financial_status: "paid",
    line_items: [{ id: 1, sku: "LAMP", title: "Lamp", quantity: 3, current_quantity: 3, price: "100.00" }],
    refunds: [],
    ...members,
  },
});
const lamps = (current_quantity: number) => [
  { id: 1, sku: "LAMP", title: "Lamp", quantity: 3, current_quantity, price: "100.00" },
];
const shopRefund = (members: object = {}) => ({
  id: 70,
  order_id: 7,
  created_at: "2026-11-04T09:00:00Z",
  refund_line_items: [
    { line_item_id: 1, quantity: 2, subtotal: 200, total_tax: 0, line_item: { id: 1, sku: "LAMP", price: "100.00" } },
  ],
  transactions: [{ kind: "refund", status: "success", amount: "200.00", currency: null }],
  ...members,
});
const refundHook = (members: object = {}) => ({ topic: "refunds/create", body: shopRefund(members) });

describe("A Shopify order comes to what became of it", () => {
  const afterRefund = shop({
    updated_at: "2026-11-04T09:00:01Z",
    current_total_price: "100.00",
    financial_status: "partially_refunded",
    line_items: lamps(1),
    refunds: [shopRefund()],
  });
  const refunded = { orders: 1, net: 100, byDay: { "11-02 placed": 300, "11-04 refunded": -200 }, pieces: { LAMP: 1 } };

  it("refunded in part, by the refund alone, by the order alone, or by both", async () => {
    for (const hooks of [[shop({}), refundHook()], [afterRefund], [shop({}), refundHook(), afterRefund]]) {
      expectFigures(await eventsOfHooks("shopify", hooks), refunded);
    }
  });

  it("told by its export beside its webhooks", async () => {
    const file =
      "Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Refunded Amount,Id\n" +
      "#7,ana@acme.example,partially_refunded,2026-11-02 09:00:00 +0000,EUR,300.00,2026-11-02 09:00:00 +0000,3,Lamp,100.00,LAMP,200.00,7\n";
    const exported = await eventsOfFile(file);
    expectFigures([...(await eventsOfHooks("shopify", [shop({}), refundHook()])), ...exported], refunded);
    expectFigures(exported, { orders: 1, net: 100 });
  });

  it.each<[string, Hook[], Partial<Figures>]>([
    [
      "whose refund is on its way",
      [shop({}), refundHook({ transactions: [{ kind: "refund", status: "pending", amount: "200.00" }] })],
      { net: 300 },
    ],
    [
      "that is edited, with a record of pieces and no money",
      [
        shop({}),
        refundHook({ transactions: [] }),
        shop({ updated_at: "2026-11-04T09:00:01Z", current_total_price: "100.00", line_items: lamps(1) }),
      ],
      { orders: 1, net: 100, byDay: { "11-02 placed": 100 }, pieces: { LAMP: 1 } },
    ],
    [
      "that is cancelled after it was paid",
      [
        shop({}),
        refundHook({ transactions: [{ kind: "refund", status: "success", amount: "300.00" }] }),
        shop({
          updated_at: "2026-11-04T09:00:01Z",
          cancelled_at: "2026-11-04T09:00:00Z",
          financial_status: "refunded",
        }),
      ],
      { net: 0, byDay: { "11-02 placed": 300, "11-04 refunded": -300 } },
    ],
    [
      "that is only authorised, then let go",
      [
        shop({ financial_status: "authorized" }),
        shop({ updated_at: "2026-11-04T09:00:00Z", cancelled_at: "2026-11-04T09:00:00Z", financial_status: "voided" }),
      ],
      { orders: 0, net: 0, byDay: {} },
    ],
    [
      "whose refund failed, and its pieces are back",
      [
        shop({}),
        refundHook({ transactions: [{ kind: "refund", status: "failure", amount: "200.00" }] }),
        shop({
          updated_at: "2026-11-04T09:00:01Z",
          current_total_price: "100.00",
          line_items: lamps(1),
          refunds: [shopRefund({ transactions: [{ kind: "refund", status: "failure", amount: "200.00" }] })],
        }),
      ],
      { orders: 1, net: 300, pieces: { LAMP: 3 } },
    ],
    [
      "whose shipping was refunded in the buyer's currency",
      [
        shop({}),
        shop({
          updated_at: "2026-11-04T09:00:01Z",
          current_total_price: "290.00",
          financial_status: "partially_refunded",
          total_price_set: {
            shop_money: { amount: "300.00", currency_code: "EUR" },
            presentment_money: { amount: "330.00", currency_code: "USD" },
          },
          refunds: [
            shopRefund({
              refund_line_items: [],
              transactions: [{ kind: "refund", status: "success", amount: "11.00", currency: "USD" }],
            }),
          ],
        }),
      ],
      { net: 290, byDay: { "11-02 placed": 300, "11-04 refunded": -10 } },
    ],
    ["that is deleted", [shop({}), { topic: "orders/delete", body: { id: 7 } }], { orders: 0, net: 0 }],
    [
      "of a gift card and a lamp, both given back",
      [
        shop({
          line_items: [
            { id: 1, sku: "CARD", title: "Card", gift_card: true, quantity: 2, price: "100.00" },
            { id: 2, sku: "LAMP", title: "Lamp", quantity: 1, price: "100.00" },
          ],
        }),
        refundHook({
          refund_line_items: [
            { line_item_id: 1, quantity: 2, subtotal: 200, line_item: { id: 1, sku: "CARD", gift_card: true } },
            { line_item_id: 2, quantity: 1, subtotal: 100, line_item: { id: 2, sku: "LAMP" } },
          ],
          transactions: [{ kind: "refund", status: "success", amount: "300.00" }],
        }),
      ],
      { net: 0, byDay: { "11-02 placed": 100, "11-04 refunded": -100 }, pieces: { LAMP: 0 } },
    ],
  ])("%s", async (_name, hooks, expected) => {
    expectFigures(await eventsOfHooks("shopify", hooks), expected);
  });
});

describe("A WooCommerce order comes to what became of it", () => {
  const order = (members: object, topic = "order.updated") => ({
    topic,
    body: {
      id: 9,
      number: "9",
      status: "processing",
      currency: "EUR",
      total: "100.00",
      customer_id: 0,
      date_created_gmt: "2026-11-02T09:00:00",
      date_modified_gmt: "2026-11-02T09:00:10",
      date_paid_gmt: "2026-11-02T09:00:10",
      billing: { email: "ana@acme.example" },
      line_items: [{ id: 1, name: "Crate", product_id: 5, quantity: 2, total: "100.00", sku: "CRATE" }],
      refunds: [],
      ...members,
    },
  });
  const unpaid = { date_paid_gmt: null };
  const first = { id: 91, reason: "", total: "-30.00" };

  it.each<[string, Hook[], Partial<Figures>]>([
    ["whose payment failed", [order({ ...unpaid, status: "failed" })], { orders: 0, net: 0 }],
    ["to be paid on delivery", [order(unpaid)], { orders: 1, net: 100 }],
    ["to be paid by transfer", [order({ ...unpaid, status: "on-hold" })], { orders: 1, net: 100 }],
    [
      "cancelled for want of payment, then paid",
      [
        order({ ...unpaid, status: "pending", date_modified_gmt: "2026-11-02T09:00:00" }),
        order({ ...unpaid, status: "cancelled", date_modified_gmt: "2026-11-02T10:00:00" }),
        order({ date_modified_gmt: "2026-11-02T11:00:00", date_paid_gmt: "2026-11-02T11:00:00" }),
      ],
      { orders: 1, net: 100, byDay: { "11-02 placed": 100 } },
    ],
    [
      "made by hand, empty at first",
      [
        order({
          ...unpaid,
          status: "pending",
          total: "0.00",
          line_items: [],
          date_modified_gmt: "2026-11-02T09:00:00",
        }),
        order({ status: "completed", date_modified_gmt: "2026-11-03T09:00:00" }),
      ],
      { orders: 1, net: 100, pieces: { CRATE: 2 } },
    ],
    [
      "refunded in two parts",
      [
        order({}),
        order({ date_modified_gmt: "2026-11-05T09:00:00", refunds: [first] }),
        order({
          status: "refunded",
          date_modified_gmt: "2026-11-07T09:00:00",
          refunds: [first, { id: 92, total: "-70.00" }],
        }),
      ],
      { net: 0, byDay: { "11-02 placed": 100, "11-05 refunded": -30, "11-07 refunded": -70 } },
    ],
    [
      "cancelled after it was paid, and touched again",
      [
        order({}),
        order({ status: "cancelled", date_modified_gmt: "2026-11-05T09:00:00" }),
        order({ status: "cancelled", date_modified_gmt: "2026-11-09T09:00:00" }),
      ],
      { net: 0, byDay: { "11-02 placed": 100, "11-05 cancelled": -100 } },
    ],
    [
      "whose refund was deleted",
      [
        order({}),
        order({ date_modified_gmt: "2026-11-05T09:00:00", refunds: [first, { id: 92, total: "-5.00" }] }),
        order({ date_modified_gmt: "2026-11-06T09:00:00", refunds: [first] }),
      ],
      { net: 70, byDay: { "11-02 placed": 100, "11-05 refunded": -30 } },
    ],
    ["thrown away", [order({}), { topic: "order.deleted", body: { id: 9 } }], { orders: 0, net: 0 }],
    [
      "thrown away and restored",
      [
        order({}),
        order({ status: "trash", date_modified_gmt: "2026-11-05T09:00:00" }),
        order({ date_modified_gmt: "2026-11-06T09:00:00" }, "order.restored"),
      ],
      { orders: 1, net: 100 },
    ],
  ])("%s", async (_name, hooks, expected) => {
    expectFigures(await eventsOfHooks("woocommerce", hooks), expected);
  });
});

describe("Stripe's payments and bills come to what became of them", () => {
  const began = 1_792_486_800;
  const dayS = 86_400;
  const hook = (type: string, object: object, created = began) => ({
    body: { id: `evt_${type}_${created}`, object: "event", type, created, livemode: true, data: { object } },
  });
  const invoice = (members: object = {}) => ({
    id: "in_1",
    amount_due: 5000,
    amount_paid: 5000,
    amount_remaining: 0,
    total: 5000,
    currency: "eur",
    customer: "cus_1",
    customer_email: "ana@acme.example",
    billing_reason: "subscription_cycle",
    status_transitions: { finalized_at: began, paid_at: began },
    ...members,
  });
  const open = { amount_paid: 0, amount_remaining: 5000, status_transitions: { finalized_at: began } };
  const payment = (members: object = {}) => ({
    id: "pi_1",
    amount: 5000,
    amount_received: 5000,
    currency: "eur",
    customer: "cus_1",
    ...members,
  });
  const charge = (members: object = {}) => ({
    id: "ch_1",
    amount: 5000,
    currency: "eur",
    payment_intent: "pi_1",
    captured: true,
    ...members,
  });
  const checkout = (members: object = {}) => ({
    id: "cs_1",
    mode: "payment",
    payment_status: "paid",
    amount_total: 5000,
    currency: "eur",
    payment_intent: "pi_1",
    customer: "cus_1",
    customer_details: { email: "ana@acme.example" },
    ...members,
  });
  const refund = (members: object = {}) => ({
    id: "re_1",
    amount: 1000,
    currency: "eur",
    payment_intent: "pi_1",
    charge: "ch_1",
    status: "succeeded",
    ...members,
  });
  const dispute = (status: string) => ({ id: "dp_1", amount: 5000, currency: "eur", payment_intent: "pi_1", status });
  const once = { orders: 1, net: 50, byDay: { "10-20 placed": 50 } };
  const subscribed = checkout({ mode: "subscription", payment_intent: null, invoice: "in_1", subscription: "sub_1" });

  it.each<[string, Hook[], Partial<Figures>]>([
    ["by payment intents alone", [hook("payment_intent.succeeded", payment())], once],
    [
      "by checkout, intent and charge",
      [
        hook("checkout.session.completed", checkout()),
        hook("payment_intent.succeeded", payment()),
        hook("charge.succeeded", charge()),
      ],
      once,
    ],
    [
      "by a method that takes days",
      [
        hook("checkout.session.completed", checkout({ payment_status: "unpaid" })),
        hook("payment_intent.succeeded", payment(), began + 5 * dayS),
      ],
      once,
    ],
    [
      "by a method that takes days, and fails",
      [
        hook("checkout.session.completed", checkout({ payment_status: "unpaid" })),
        hook("checkout.session.async_payment_failed", checkout({ payment_status: "unpaid" }), began + 5 * dayS),
      ],
      { orders: 0, net: 0 },
    ],
    [
      "of a charge that was not captured",
      [hook("charge.succeeded", charge({ captured: false }))],
      { orders: 0, net: 0 },
    ],
    [
      "of a charge that was captured for less",
      [
        hook("charge.succeeded", charge({ captured: false, amount_captured: 0 })),
        hook("charge.captured", charge({ amount_captured: 4000 }), began + 100),
      ],
      { orders: 1, net: 40 },
    ],
    [
      "of a charge that was captured for less, the rest of it called refunded, and then refunded in part",
      [
        hook("charge.captured", charge({ amount_captured: 4000 })),
        hook("charge.refunded", charge({ amount_captured: 4000, amount_refunded: 1000 })),
        hook(
          "charge.refunded",
          charge({
            amount_captured: 4000,
            amount_refunded: 1500,
            refunds: {
              data: [
                { id: "re_rest", amount: 1000, created: began, status: "succeeded" },
                { id: "re_2", amount: 500, created: began + dayS, status: "succeeded" },
              ],
            },
          }),
          began + dayS,
        ),
      ],
      { net: 35, byDay: { "10-20 placed": 40, "10-21 refunded": -5 } },
    ],
    [
      "of a trial, whose checkout and bill are of nothing",
      [
        hook("checkout.session.completed", { ...subscribed, payment_status: "no_payment_required", amount_total: 0 }),
        hook("invoice.paid", invoice({ amount_due: 0, amount_paid: 0, total: 0 })),
      ],
      { orders: 0, net: 0 },
    ],
    [
      "of a bill that is given up after a part of it was paid",
      [
        hook("invoice.finalized", invoice({ billing_reason: "manual", ...open })),
        hook("payment_intent.succeeded", payment({ amount_received: 2000 }), began + 60),
        hook("invoice_payment.paid", {
          id: "inpay_1",
          invoice: "in_1",
          amount_paid: 2000,
          currency: "eur",
          payment: { type: "payment_intent", payment_intent: "pi_1" },
        }),
        hook(
          "invoice.marked_uncollectible",
          invoice({ billing_reason: "manual", ...open, amount_paid: 2000, amount_remaining: 3000 }),
          began + 60 * dayS,
        ),
      ],
      { orders: 1, net: 20, byDay: { "10-20 placed": 20 }, bills: { in_1: ["uncollectible", 0] } },
    ],
    [
      "of a subscription, up to API 2025-02-24",
      [
        hook("checkout.session.completed", subscribed),
        hook("payment_intent.succeeded", payment({ invoice: "in_1" })),
        hook("charge.succeeded", charge({ invoice: "in_1" })),
        hook("invoice.paid", invoice({ subscription: "sub_1", payment_intent: "pi_1", charge: "ch_1" })),
      ],
      { ...once, bills: { in_1: ["paid", 0] } },
    ],
    [
      "of a subscription, since API 2025-03-31",
      [
        hook("checkout.session.completed", subscribed),
        hook("payment_intent.succeeded", payment()),
        hook("invoice.paid", invoice()),
      ],
      { ...once, bills: { in_1: ["paid", 0] } },
    ],
    [
      "of a bill whose payments are named",
      [
        hook("invoice.finalized", invoice({ billing_reason: "manual", ...open })),
        hook("payment_intent.succeeded", payment({ amount_received: 2000 }), began + 60),
        hook("invoice_payment.paid", {
          id: "inpay_1",
          invoice: "in_1",
          amount_paid: 2000,
          currency: "eur",
          payment: { type: "payment_intent", payment_intent: "pi_1" },
        }),
      ],
      { orders: 0, net: 0, bills: { in_1: ["open", 30] } },
    ],
    [
      "of a bill that was voided",
      [
        hook("invoice.finalized", invoice(open)),
        hook("invoice.voided", invoice({ ...open, status_transitions: { voided_at: began + dayS } }), began + dayS),
      ],
      { orders: 0, net: 0, bills: { in_1: ["voided", 0] } },
    ],
    [
      "of a bill of which a part was credited",
      [
        hook("invoice.finalized", invoice(open)),
        hook("credit_note.created", { id: "cn_1", invoice: "in_1", currency: "eur", amount: 2000 }, began + 60),
      ],
      { net: 0, bills: { in_1: ["open", 30] } },
    ],
    [
      "refunded in part, told by refund and charge",
      [
        hook("payment_intent.succeeded", payment()),
        hook("refund.created", refund(), began + dayS),
        hook("charge.refunded", charge({ amount_refunded: 1000 }), began + dayS),
      ],
      { net: 40, byDay: { "10-20 placed": 50, "10-21 refunded": -10 } },
    ],
    [
      "refunded, and the refund failed",
      [
        hook("payment_intent.succeeded", payment()),
        hook("refund.created", refund({ status: "pending" }), began + dayS),
        hook("charge.refunded", charge({ amount_refunded: 1000 }), began + dayS),
        hook("refund.failed", refund({ status: "failed" }), began + 2 * dayS),
      ],
      once,
    ],
    [
      "disputed and lost",
      [
        hook("payment_intent.succeeded", payment()),
        hook("charge.dispute.created", dispute("needs_response"), began + dayS),
        hook("charge.dispute.closed", dispute("lost"), began + 9 * dayS),
        hook("charge.dispute.updated", dispute("lost"), began + 20 * dayS),
      ],
      { net: 0, byDay: { "10-20 placed": 50, "10-29 disputed": -50 } },
    ],
    [
      "disputed and won",
      [
        hook("payment_intent.succeeded", payment()),
        hook("charge.dispute.created", dispute("needs_response"), began + dayS),
        hook("charge.dispute.closed", dispute("won"), began + 9 * dayS),
      ],
      once,
    ],
  ])("%s", async (_name, hooks, expected) => {
    expectFigures(await eventsOfHooks("stripe", hooks), expected);
  });

  it("told by the export beside the webhooks", async () => {
    const file =
      "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,PaymentIntent ID,Invoice ID\n" +
      "ch_1,2026-10-20 09:00:00,50.00,10.00,eur,Partial Refund,cus_1,ana@acme.example,pi_1,in_1\n";
    const exported = await eventsOfFile(file);
    const live = await eventsOfHooks("stripe", [
      hook("payment_intent.succeeded", payment()),
      hook("invoice.paid", invoice()),
      hook("refund.created", refund(), began + dayS),
    ]);
    expectFigures([...live, ...exported], { orders: 1, net: 40, byDay: { "10-20 placed": 50, "10-21 refunded": -10 } });
    expectFigures(exported, { orders: 1, net: 40 });
  });
});

describe("Segment's orders come to what became of them", () => {
  const track = (event: string, minute: number, properties: object) => ({
    body: {
      type: "track",
      messageId: `${event} ${minute}`,
      userId: "u-1",
      event,
      timestamp: `2026-11-20T09:${String(minute).padStart(2, "0")}:00Z`,
      properties: { order_id: "S-1", currency: "EUR", ...properties },
    },
  });
  const completed = (minute: number) => track("Order Completed", minute, { total: 80 });

  it.each<[string, Hook[], Partial<Figures>]>([
    ["whose page of thanks is loaded again", [completed(0), completed(1), completed(2)], { orders: 1, net: 80 }],
    ["updated", [completed(0), track("Order Updated", 5, { total: 90 })], { orders: 1, net: 90 }],
    ["cancelled", [completed(0), track("Order Cancelled", 5, { total: 80 })], { orders: 1, net: 0 }],
    ["refunded by their number alone", [completed(0), track("Order Refunded", 5, {})], { orders: 1, net: 0 }],
    ["refunded in part", [completed(0), track("Order Refunded", 5, { total: 30 })], { orders: 1, net: 50 }],
    [
      "refunded in part, all of it with a minus",
      [
        track("Order Completed", 0, { total: 80, products: [{ sku: "POT", price: 40, quantity: 2 }] }),
        track("Order Refunded", 5, { total: -40, products: [{ sku: "POT", price: 40, quantity: -1 }] }),
      ],
      { net: 40, pieces: { POT: 1 } },
    ],
  ])("%s", async (_name, hooks, expected) => {
    expectFigures(await eventsOfHooks("segment", hooks), expected);
  });
});

describe("A mapped file's orders come to what stands in it", () => {
  it("with credit notes of the same status as what was sold", async () => {
    const mapping = parseMapping(
      "columns: {order_id: order, placed_at: date, email: mail, amount: total, status: status}\nconstants: {currency: EUR}\nstatuses: {done: paid}",
    );
    const file =
      "order,date,mail,total,status\n" +
      "1,2026-11-05,ana@acme.example,100.00,done\n2,2026-11-06,ana@acme.example,-30.00,done\n";
    expectFigures(await eventsOfFile(file, mapping), { orders: 1, net: 70 });
  });

  it("with discounts and pieces that came back", async () => {
    const mapping = parseMapping(
      "columns: {order_id: order, placed_at: date, email: mail, sku: item, quantity: qty, unit_price: price}\nconstants: {currency: EUR}",
    );
    const file =
      "order,date,mail,item,qty,price\n" +
      "1,2026-11-05,ana@acme.example,TABLE,2,100.00\n1,2026-11-05,ana@acme.example,DISCOUNT,1,-20.00\n" +
      "2,2026-11-06,ana@acme.example,TABLE,3,100.00\n2,2026-11-06,ana@acme.example,CHAIR,-1,50.00\n";
    expectFigures(await eventsOfFile(file, mapping), {
      orders: 2,
      net: 430,
      pieces: { TABLE: 5, DISCOUNT: 1, CHAIR: -1 },
    });
  });
});
