import { eventTypes, vocabulary } from "@keypulse/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldOrder } from "./foldOrder.ts";
import { judgeSale } from "./judgeSale.ts";
import { matchPayments } from "./matchPayments.ts";
import { nobody, type OrderMessage, readDetails } from "./message.ts";
import { decimalOf, share, unitsOf } from "./money.ts";
import { type SaleRules, usualRules } from "./rules.ts";

const ana = "00000000-0000-8000-8000-00000000000a";
const acme = "00000000-0000-8000-8000-0000000000ac";
const day = (date: string) => Date.parse(`2026-${date}T09:00:00Z`);

let ids = 0;
/** A message as it is stored: what the contract knows as columns in columns, the rest as JSON. */
function say(
  type: OrderMessage["type"],
  at: number,
  properties: Record<string, unknown> = {},
  given: Partial<OrderMessage> = {},
): OrderMessage {
  const {
    amount,
    currency = "EUR",
    items = [],
    ...more
  } = properties as { amount?: string; currency?: string; items?: object[] };
  return {
    source: "shop",
    orderId: "1",
    eventId: `e-${ids++}`,
    type,
    occurredAtMs: at,
    clientKey: ana,
    contactKey: ana,
    amount: unitsOf(amount ?? "0"),
    currency,
    items: readDetails(JSON.stringify({ items })).items ?? [],
    more: readDetails(JSON.stringify({ ...more, ...(Number(amount) === 0 && { amount }) })),
    ...given,
  };
}

const figures = (messages: OrderMessage[], rules: SaleRules = usualRules) => {
  const sale = judgeSale(foldOrder(messages), rules);
  return {
    orders: sale.movements.reduce((sum, { orders }) => sum + orders, 0),
    byDay: Object.fromEntries(
      sale.movements.map(({ atMs, gross, returned, kind }) => [
        `${new Date(atMs).toISOString().slice(5, 10)} ${kind}`,
        Number(decimalOf(gross - returned)),
      ]),
    ),
    net: Number(decimalOf(sale.movements.reduce((sum, { gross, returned }) => sum + gross - returned, 0n))),
    pieces: Object.fromEntries(
      [...Map.groupBy(sale.lines, ({ sku }) => sku)].map(([sku, lines]) => [
        sku,
        Number(decimalOf(lines.reduce((sum, { quantity }) => sum + quantity, 0n))),
      ]),
    ),
    why: sale.why,
  };
};
const lamp = (quantity: number) => ({ sku: "LAMP", quantity: String(quantity), unit_price: "100" });

describe("an order is all that its sender last said of it", () => {
  it("a plain order counts on its day", () => {
    expect(figures([say("order.placed", day("01-10"), { amount: "300", items: [lamp(3)] })])).toEqual({
      orders: 1,
      byDay: { "01-10 placed": 300 },
      net: 300,
      pieces: { LAMP: 3 },
      why: "a sale: placed",
    });
  });

  it("a part that is cancelled goes back, and an edit to what is left of it takes nothing twice", () => {
    const placed = say("order.placed", day("01-10"), { amount: "100" });
    const part = say("order.cancelled", day("01-12"), { amount: "40" });
    expect(figures([placed, part])).toMatchObject({ net: 60, byDay: { "01-10 placed": 100, "01-12 cancelled": -40 } });
    // The total then was 100, so that 40 and 60 alike were parts of it.
    for (const [cancelled, left] of [
      ["40", "60"],
      ["60", "40"],
    ] as const) {
      for (const date of ["01-12", "01-13"]) {
        const edited = [
          placed,
          say("order.cancelled", day("01-12"), { amount: cancelled }),
          say("order.updated", day(date), { amount: left }),
        ];
        for (const order of [edited, edited.toReversed()]) {
          expect(figures(order)).toMatchObject({
            orders: 1,
            net: Number(left),
            byDay: { "01-10 placed": Number(left) },
          });
        }
      }
    }
    // A later word that repeats the old total takes nothing back of it.
    expect(figures([placed, part, say("order.updated", day("01-13"), { amount: "100" })])).toMatchObject({ net: 60 });
  });

  it("what is told as a cancellation and as a refund of one id went back once", () => {
    const told = [
      say("order.placed", day("01-10"), { amount: "100" }),
      say("order.cancelled", day("01-12"), { amount: "40", refund_id: "r" }),
      say("order.refunded", day("01-12"), { amount: "40", refund_id: "r" }),
    ];
    for (const order of [told, told.toReversed()]) expect(figures(order)).toMatchObject({ net: 60 });
  });

  it("an invoice that names no order is a debt, or a sale where the workspace says so", () => {
    const bill = (type: OrderMessage["type"], date: string, amount: string, more = {}) =>
      say(type, day(date), { amount, invoice_id: "i1", ...more });
    const told = [
      bill("invoice.issued", "01-10", "100"),
      bill("invoice.credited", "01-12", "30", { credit_id: "c1" }),
      bill("invoice.credited", "01-12", "30", { credit_id: "c1" }),
      bill("invoice.paid", "01-20", "70"),
    ];
    expect(figures(told)).toMatchObject({ orders: 0, net: 0, why: "an invoice: no order is told of" });
    const sales: SaleRules = { ...usualRules, invoices: "sales" };
    expect(figures(told, sales)).toMatchObject({
      orders: 1,
      net: 70,
      byDay: { "01-10 placed": 100, "01-12 refunded": -30 },
    });
    expect(figures(told, { ...sales, saleFrom: "paid" })).toMatchObject({ byDay: { "01-20 placed": 100 } });
    expect(figures([...told, bill("invoice.voided", "01-21", "100")], sales)).toMatchObject({ orders: 0, net: 0 });
    // An order beside it is the sale.
    expect(figures([...told, say("order.placed", day("01-09"), { amount: "100" })], sales)).toMatchObject({
      orders: 1,
    });
  });

  it("an invoice that is a part of an order gives back once what was credited, and no more than the order counted", () => {
    const bill = foldOrder([
      say("invoice.issued", day("01-10"), { amount: "119", invoice_id: "i1", part_of: "o1" }),
      say("invoice.credited", day("01-12"), { amount: "59.5", invoice_id: "i1", credit_id: "c1" }),
    ]);
    const order = foldOrder([say("order.placed", day("01-10"), { amount: "119", tax: "19" }, { orderId: "o1" })]);
    const returned = (rules: SaleRules) =>
      judgeSale(bill, rules, order).movements.map((movement) => Number(decimalOf(movement.returned)));
    expect(returned({ ...usualRules, invoices: "sales" })).toEqual([59.5]);
    expect(returned({ ...usualRules, invoices: "sales", without: ["tax"] })).toEqual([50]);
    expect(returned(usualRules)).toEqual([]);
  });

  it("told three times under other ids it is one order", () => {
    const told = ["01-10", "01-11", "01-12"].map((date) => say("order.placed", day(date), { amount: "80" }));
    expect(figures(told)).toMatchObject({ orders: 1, byDay: { "01-10 placed": 80 } });
  });

  it("an edit restates the order's own day, lines and all", () => {
    const edited = [
      say("order.placed", day("01-10"), { amount: "1000", items: [lamp(10)] }),
      say("order.updated", day("01-12"), { amount: "600", items: [lamp(6)] }),
    ];
    expect(figures(edited)).toMatchObject({ byDay: { "01-10 placed": 600 }, pieces: { LAMP: 6 } });
  });

  it("failed, pending, draft, deleted, authorised and test orders are no revenue, and what was is taken back on its own day", () => {
    for (const state of ["failed", "pending", "draft", "deleted", "authorized"]) {
      expect(figures([say("order.updated", day("01-10"), { state, amount: "250" })])).toMatchObject({
        orders: 0,
        net: 0,
      });
      const once = [
        say("order.placed", day("01-10"), { amount: "250" }),
        say("order.updated", day("01-11"), { state }),
      ];
      expect(figures(once)).toMatchObject({ orders: 0, byDay: {} });
    }
    expect(figures([say("order.placed", day("01-10"), { amount: "250", test: true })])).toMatchObject({ orders: 0 });
  });

  it("a cancellation takes back what is left, on its day; a payment revives the order", () => {
    const placed = say("order.placed", day("01-10"), { amount: "300", items: [lamp(3)] });
    const refund = say("order.refunded", day("01-11"), { amount: "100", refund_id: "r1", items: [lamp(1)] });
    const cancelled = say("order.cancelled", day("01-12"));
    expect(figures([placed, refund, cancelled])).toMatchObject({
      byDay: { "01-10 placed": 300, "01-11 refunded": -100, "01-12 cancelled": -200 },
      net: 0,
      pieces: { LAMP: 0 },
    });
    expect(figures([placed, cancelled, say("order.paid", day("01-13"))])).toMatchObject({ net: 300, orders: 1 });
  });

  it("a cancellation of a part is a part; one of an order that nobody told of takes back what it says", () => {
    const placed = say("order.placed", day("01-10"), { amount: "300" });
    expect(figures([placed, say("order.cancelled", day("01-12"), { amount: "50" })])).toMatchObject({ net: 250 });
    expect(figures([say("order.cancelled", day("01-12"), { amount: "50" })])).toMatchObject({ net: -50, orders: 0 });
  });

  it("what was cancelled before it was firm leaves no trace", () => {
    const never = [
      say("order.updated", day("01-10"), { amount: "400", state: "pending" }),
      say("order.updated", day("01-11"), { state: "cancelled" }),
    ];
    expect(figures(never)).toMatchObject({ byDay: {}, why: "cancelled before it was a sale" });
    const revived = [
      ...never,
      say("order.updated", day("01-12"), { state: "paid", placed_at: "2026-01-10T09:00:00Z" }),
    ];
    expect(figures(revived)).toMatchObject({ byDay: { "01-10 placed": 400 }, orders: 1 });
  });

  it("refunds count once by their id, from webhook, list and sum; those that failed give back", () => {
    const placed = say("order.placed", day("01-10"), { amount: "300" });
    const r1 = say("order.refunded", day("01-12"), { amount: "20", refund_id: "r1" });
    const list = say("order.updated", day("01-13"), {
      refunds: [
        { refund_id: "r1", amount: "20", at: "2026-01-12T09:00:00Z" },
        { refund_id: "r2", amount: "30", at: "2026-01-13T09:00:00Z" },
      ],
    });
    const sum = say("order.updated", day("01-10"), { refunded: "50" });
    expect(figures([placed, r1, list, sum])).toMatchObject({ net: 250 });
    expect(figures([placed, sum])).toMatchObject({ net: 250 });
    expect(figures([placed, r1, sum])).toMatchObject({ net: 250 });
    const failed = say("refund.failed", day("01-14"), { refund_id: "r1" });
    expect(figures([placed, r1, list, sum, failed])).toMatchObject({ net: 270 });
    expect(figures([placed, say("order.refunded", day("01-12"), { amount: "20", state: "pending" })])).toMatchObject({
      net: 300,
    });
  });

  it("sums of refunds land on the days on which they grew", () => {
    const placed = say("order.placed", day("01-10"), { amount: "300" });
    const sum = (date: string, refunded: string) => say("order.updated", day(date), { refunded });
    const grown = [placed, sum("01-12", "10"), sum("01-13", "25"), sum("01-14", "25")];
    expect(figures(grown)).toMatchObject({
      byDay: { "01-10 placed": 300, "01-12 refunded": -10, "01-13 refunded": -15 },
    });
    expect(figures([...grown, sum("01-15", "5")])).toMatchObject({
      byDay: { "01-10 placed": 300, "01-12 refunded": -5 },
    });
    const known = say("order.refunded", day("01-11"), { amount: "12", refund_id: "r" });
    expect(figures([...grown, known])).toMatchObject({
      net: 275,
      byDay: { "01-11 refunded": -12, "01-13 refunded": -13 },
    });
  });

  it("is not revived by being told as placed again after its end", () => {
    const cancelled = [say("order.placed", day("01-10"), { amount: "80" }), say("order.cancelled", day("01-11"))];
    const reload = say("order.placed", day("01-12"), { amount: "80", state: "paid" });
    expect(figures([...cancelled, reload])).toMatchObject({ net: 0, orders: 1 });
    expect(figures([cancelled[1]!, reload])).toMatchObject({ net: 0, orders: 1 });
    const retried = [
      say("order.updated", day("01-10"), { state: "failed", amount: "80" }),
      say("order.placed", day("01-11"), { amount: "80" }),
    ];
    expect(figures(retried)).toMatchObject({ net: 80, orders: 1 });
    const drafted = [
      say("order.updated", day("01-09"), { state: "draft" }),
      say("order.placed", day("01-10"), { amount: "80" }),
    ];
    expect(figures(drafted)).toMatchObject({ net: 80 });
  });

  it("a lost dispute takes back, an open or won one does not", () => {
    const placed = say("order.placed", day("01-10"), { amount: "300" });
    const dispute = (date: string, state: string) =>
      say("payment.disputed", day(date), { dispute_id: "d", amount: "300", state });
    expect(figures([placed, dispute("01-12", "open")])).toMatchObject({ net: 300 });
    expect(figures([placed, dispute("01-12", "open"), dispute("02-12", "lost")])).toMatchObject({
      byDay: { "01-10 placed": 300, "02-12 disputed": -300 },
    });
    expect(figures([placed, dispute("01-12", "open"), dispute("02-12", "won")])).toMatchObject({ net: 300 });
  });

  it("gift cards are owed until they are used; their refund is none of revenue", () => {
    const card = { sku: "GC", quantity: "1", unit_price: "100" };
    const sold = say("order.placed", day("01-10"), { amount: "300", items: [lamp(2)], liabilities: [card] });
    expect(figures([sold])).toMatchObject({ net: 200, pieces: { LAMP: 2 } });
    const back = (items: object[]) => say("order.refunded", day("01-11"), { amount: "100", refund_id: "r", items });
    expect(figures([sold, back([card])])).toMatchObject({ net: 200, pieces: { LAMP: 2 } });
    expect(figures([sold, back([lamp(1)])])).toMatchObject({ net: 100, pieces: { LAMP: 1 } });
  });

  it("tax and shipping are left out where the workspace says so, of refunds in proportion", () => {
    const without: SaleRules = { ...usualRules, without: ["tax", "shipping"] };
    const placed = say("order.placed", day("01-10"), { amount: "129", tax: "19", shipping: "10" });
    expect(figures([placed], without)).toMatchObject({ net: 100 });
    expect(figures([placed, say("order.refunded", day("01-11"), { amount: "12.90" })], without)).toMatchObject({
      net: 90,
    });
    expect(figures([placed])).toMatchObject({ net: 129 });
  });

  it("counts from the state that the workspace says, on that state's day", () => {
    const placed = say("order.placed", day("01-10"), { amount: "100" });
    const paid = say("order.paid", day("01-20"));
    const shipped = say("order.shipped", day("01-15"));
    const fromPaid: SaleRules = { ...usualRules, saleFrom: "paid" };
    const fromFulfilled: SaleRules = { ...usualRules, saleFrom: "fulfilled" };
    expect(figures([placed, shipped], fromPaid)).toMatchObject({ net: 0, why: "not paid yet" });
    expect(figures([placed, shipped, paid], fromPaid)).toMatchObject({ byDay: { "01-20 placed": 100 } });
    expect(figures([placed, shipped, paid], fromFulfilled)).toMatchObject({ byDay: { "01-15 placed": 100 } });
  });

  it("bills of subscriptions count when paid, when written, or not at all", () => {
    const bill = say("order.placed", day("01-10"), { amount: "50", subscription: true });
    expect(figures([bill])).toMatchObject({ net: 0 });
    expect(figures([bill, say("order.paid", day("01-11"))])).toMatchObject({ byDay: { "01-10 placed": 50 } });
    expect(figures([bill], { ...usualRules, subscriptions: "issued" })).toMatchObject({ net: 50 });
    expect(figures([bill, say("order.paid", day("01-11"))], { ...usualRules, subscriptions: "never" })).toMatchObject({
      net: 0,
    });
  });

  it("an order that was paid and never told is what was paid, each payment once", () => {
    const part = (id: string) => say("order.paid", day("01-10"), { amount: "40", payment_id: id });
    expect(figures([part("a"), part("b"), part("b")])).toMatchObject({ net: 80, orders: 1 });
  });

  it("belongs to whoever any message names, an account before a person", () => {
    const refund = say("order.refunded", day("01-11"), { amount: "5" }, { clientKey: nobody, contactKey: nobody });
    const placed = say("order.placed", day("01-10"), { amount: "9" });
    expect(foldOrder([refund, placed])).toMatchObject({ clientKey: ana, contactKey: ana });
    const ofAcme = say("order.paid", day("01-09"), {}, { clientKey: acme });
    expect(foldOrder([ofAcme, refund, placed])).toMatchObject({ clientKey: acme, contactKey: ana });
  });
});

describe("bills", () => {
  const invoice = (
    type: "issued" | "paid" | "overdue" | "voided" | "uncollectible" | "credited",
    date: string,
    more = {},
  ) => say(`invoice.${type}`, day(date), { invoice_id: "i", amount: "120", ...more });
  const bill = (...messages: OrderMessage[]) => foldOrder(messages).bills;

  it("are paid in full or in parts, voided, given up or credited", () => {
    const issued = invoice("issued", "01-05", { due_at: "2026-01-20T00:00:00Z" });
    expect(bill(issued)).toMatchObject([
      { number: "i", kind: "invoice", state: "open", dueAtMs: Date.parse("2026-01-20") },
    ]);
    expect(bill(issued, invoice("paid", "01-18"))).toMatchObject([
      { state: "paid", paidAtMs: day("01-18"), paid: unitsOf("120") },
    ]);
    const part = (id: string, date: string, amount: string) => invoice("paid", date, { payment_id: id, amount });
    expect(bill(issued, part("a", "01-10", "50"))).toMatchObject([{ state: "open", paid: unitsOf("50") }]);
    expect(bill(issued, part("a", "01-10", "50"), part("b", "01-25", "70"))).toMatchObject([
      { state: "paid", paidAtMs: day("01-25") },
    ]);
    const both = bill(issued, part("a", "01-18", "120"), invoice("paid", "01-18"));
    expect(both).toMatchObject([{ state: "paid", paid: unitsOf("120") }]);
    expect(bill(issued, invoice("voided", "01-06"))).toMatchObject([{ state: "voided", paidAtMs: undefined }]);
    expect(bill(issued, invoice("uncollectible", "03-06"))).toMatchObject([{ state: "uncollectible" }]);
    expect(bill(issued, invoice("uncollectible", "03-06"), invoice("paid", "03-09"))).toMatchObject([
      { state: "paid" },
    ]);
    expect(
      bill(issued, invoice("credited", "01-08", { amount: "20", credit_id: "c" }), part("a", "01-10", "100")),
    ).toMatchObject([{ state: "paid", credited: unitsOf("20") }]);
  });

  it("are the order's own where its payment was reported, and no second ones beside an invoice", () => {
    const placed = say("order.placed", day("01-02"), { amount: "11" });
    expect(bill(placed)).toEqual([]);
    expect(bill(placed, say("order.paid", day("01-05")))).toMatchObject([
      { number: "1", kind: "order", amount: unitsOf("11"), state: "paid" },
    ]);
    expect(bill(placed, say("order.paid", day("01-05")), invoice("issued", "01-05"))).toMatchObject([{ number: "i" }]);
  });
});

describe("payments whose bill is not named", () => {
  const of = (orderId: string) => ({ orderId });
  const billed = (id: string, at: number, amount = "50") => [
    say("order.updated", at, { amount, state: "paid", payer: "cus" }, of(id)),
    say("invoice.paid", at, { amount, invoice_id: id }, of(id)),
  ];
  const payment = (id: string, at: number, amount = "50") => [say("order.paid", at, { amount, payer: "cus" }, of(id))];
  const matched = (...orders: OrderMessage[][]) =>
    Object.fromEntries(matchPayments(orders.map(foldOrder)).map(({ orderId, partOf }) => [orderId, partOf]));

  it("belong to the bill of the same payer and amount at that time, each to one", () => {
    const at = day("01-10");
    expect(matched(billed("in_1", at), payment("pi_1", at + 4_000), payment("pi_2", at + 400_000))).toEqual({
      in_1: "",
      pi_1: "in_1",
      pi_2: "",
    });
    expect(matched(billed("in_1", at), payment("pi_1", at + 700_000))).toMatchObject({ pi_1: "" });
    expect(matched(billed("in_1", at), payment("pi_1", at, "51"))).toMatchObject({ pi_1: "" });
  });
});

describe("laws", () => {
  const amount = fc.integer({ min: 0, max: 5 }).map((n) => String(n * 10));
  const at = fc.integer({ min: 0, max: 6 }).map((n) => day("01-10") + n * 3_600_000);
  const message = fc
    .record({
      type: fc.constantFrom(...eventTypes.filter((type) => vocabulary[type].kind === "order")),
      at,
      amount,
      id: fc.integer({ min: 0, max: 40 }),
      ref: fc.constantFrom("a", "b"),
      state: fc.constantFrom("pending", "placed", "paid", "failed", "cancelled", "refunded", "fulfilled", undefined),
      refunded: fc.option(amount, { nil: undefined }),
      named: fc.boolean(),
    })
    .map(({ type, at: time, id, ref, named, ...rest }) => {
      const state = type === "payment.disputed" ? "lost" : type === "order.refunded" ? "succeeded" : rest.state;
      const properties = { ...rest, state, items: [lamp(1)], refund_id: ref, dispute_id: ref, invoice_id: ref };
      return say(type, time, JSON.parse(JSON.stringify(properties)), {
        eventId: `${id}`,
        ...(!named && { clientKey: nobody, contactKey: nobody }),
      });
    });
  const messages = fc.uniqueArray(message, { minLength: 1, maxLength: 9, selector: ({ eventId }) => eventId });

  it("neither the order in which messages come nor repetitions matter", () => {
    fc.assert(
      fc.property(
        messages.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.subarray(list)),
        ),
        ([list, shuffled, again]) => {
          const [one, other] = [list, [...again, ...shuffled]].map(foldOrder);
          expect(other).toEqual(one);
          expect(judgeSale(other!, usualRules)).toEqual(judgeSale(one!, usualRules));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("a whole cancellation leaves nothing of the money or, unless too much came back, of the pieces", () => {
    fc.assert(
      fc.property(messages, (list) => {
        const placed = say("order.placed", day("01-09"), { amount: "30", items: [lamp(3)] });
        const statements = list.filter(({ type }) => type === "order.refunded" || type === "order.paid");
        const small = statements.map((said) => ({ ...said, amount: unitsOf("10") }));
        const { net } = figures([placed, ...small, say("order.cancelled", day("03-01"))]);
        expect(net).toBe(0);
      }),
    );
  });

  it("shares round half away from zero and keep the sign", () => {
    expect(decimalOf(share(unitsOf("10"), 1n, 3n))).toBe("3.3333");
    expect(decimalOf(share(unitsOf("-10"), 2n, 3n))).toBe("-6.6667");
    expect(share(5n, 1n, 2n)).toBe(3n);
    expect(share(1n, 1n, 0n)).toBe(0n);
  });
});
