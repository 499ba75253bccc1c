import type { EventType } from "@keypulse/contracts";
import { isZero } from "../amounts.ts";
import type { MappedEvent, Outcome } from "../connector.ts";
import { noMeaning, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { type Fields, instantOfSeconds, neededText, objectsOf } from "../members.ts";
import { orderVersion } from "../orderVersions.ts";
import { linesOf } from "./lines.ts";
import { neededCurrency, neededMinorUnits, partOf } from "./minorUnits.ts";
import { idOf, payerOf, peopleOf } from "./people.ts";
import { invoiceStates, stateOf } from "./states.ts";
import { type StripeEvent, saleEvents, step } from "./stripeEvent.ts";

interface InvoiceStep {
  name: string;
  type: EventType;
  /** The member of `status_transitions` that says when, where one does. */
  time?: string;
  amounts: [string, ...string[]];
  /** Of an invoice that doesn't say it. */
  status: string;
}

/** What an event says has happened to an invoice. */
export const invoiceSteps = {
  "invoice.finalized": {
    name: "issued",
    type: "invoice.issued",
    time: "finalized_at",
    amounts: ["amount_due"],
    status: "open",
  },
  "invoice.paid": { name: "paid", type: "invoice.paid", time: "paid_at", amounts: ["amount_paid"], status: "paid" },
  "invoice.overdue": { name: "overdue", type: "invoice.overdue", amounts: ["amount_remaining"], status: "open" },
  "invoice.voided": {
    name: "voided",
    type: "invoice.voided",
    time: "voided_at",
    amounts: ["amount_due", "total"],
    status: "void",
  },
  "invoice.marked_uncollectible": {
    name: "uncollectible",
    type: "invoice.uncollectible",
    time: "marked_uncollectible_at",
    amounts: ["amount_remaining", "amount_due"],
    status: "uncollectible",
  },
} as const satisfies Record<string, InvoiceStep>;

/** A step of an invoice as a debt, and the invoice as the sale that it is once it is paid. */
export function invoiceChanged(event: StripeEvent): Outcome {
  return told(event, invoiceSteps[event.type as keyof typeof invoiceSteps]);
}

/**
 * A failed payment is no news while the client has time or Stripe tries again. It makes the invoice overdue once its
 * date has passed or, where it has none because a card is charged, after the last attempt. Has the id that
 * invoice.overdue would have: whichever comes first counts.
 */
export function failedPayment(event: StripeEvent): Outcome {
  const { object: invoice, createdSeconds } = event;
  const isOver =
    typeof invoice.due_date === "number"
      ? invoice.due_date < createdSeconds
      : invoice.next_payment_attempt === null && invoice.attempted === true;
  if (!isOver) return noMeaning("invoice.payment_failed: the client still has time to pay");
  return told(event, invoiceSteps["invoice.overdue"], { reason: "payment_failed" });
}

function told({ object: invoice, created }: StripeEvent, given: InvoiceStep, more: Fields = {}): Outcome {
  const id = neededText(invoice, "id");
  const currency = neededCurrency(invoice);
  const times = asObject(invoice.status_transitions);
  const at = (given.time && instantOfSeconds(times[given.time])) ?? created;
  const who = peopleOf(invoice);
  const debt = step(id, given.name, given.type, at, who, {
    invoice_id: id,
    order_id: id,
    payer: payerOf(invoice),
    amount: neededMinorUnits(invoice, currency, ...given.amounts),
    currency,
    due_at: instantOfSeconds(invoice.due_date),
    ...namesOf(invoice),
    ...more,
  });
  return { events: [debt, ...saleOf(invoice, given, at, created, currency), ...paymentsOf(invoice, created)] };
}

/** Newer API versions keep the subscription in `parent`. */
function namesOf(invoice: Fields): Fields {
  const parent = asObject(asObject(invoice.parent).subscription_details);
  return present({
    invoice_number: asText(invoice.number),
    subscription_id: idOf(parent.subscription) ?? idOf(invoice.subscription),
    company: asText(invoice.customer_name),
    billing_reason: asText(invoice.billing_reason),
  });
}

/**
 * The sale that a paid invoice is. It is worth what is paid: what a balance settles was paid, or given back, before; of
 * one that is given up, the part that came. An invoice of nothing, such as a trial's, is no sale.
 */
function saleOf(invoice: Fields, given: InvoiceStep, at: string, created: string, currency: string): MappedEvent[] {
  const isPart = given.name === "uncollectible" && Number(invoice.amount_paid) > 0;
  const state = isPart ? "paid" : stateOf(invoiceStates, given.name === "overdue" ? "open" : given.status);
  const isPaid = state === "paid";
  const members: InvoiceStep["amounts"] = isPaid ? ["amount_paid"] : given.amounts;
  const amount = neededMinorUnits(invoice, currency, ...members);
  if (isZero(amount)) return [];
  const id = neededText(invoice, "id");
  const isWhole = amount === partOf(invoice.total, currency);
  const names = namesOf(invoice);
  const said = {
    order_id: id,
    state,
    payer: payerOf(invoice),
    amount,
    currency,
    placed_at: instantOfSeconds(asObject(invoice.status_transitions).finalized_at),
    paid_at: isPaid ? at : undefined,
    tax: isWhole ? taxOf(invoice, currency) : undefined,
    shipping: isWhole ? partOf(asObject(invoice.shipping_cost).amount_subtotal, currency) : undefined,
    items: linesOf(invoice.lines, "amount", currency),
    subscription: isOfSubscription(names) || undefined,
    ...names,
  };
  return saleEvents(created, peopleOf(invoice), said);
}

const isOfSubscription = ({ subscription_id, billing_reason }: Fields): boolean =>
  subscription_id !== undefined || (typeof billing_reason === "string" && billing_reason.startsWith("subscription"));

/** Taxes of the invoice, which older API versions keep as one number. */
function taxOf(invoice: Fields, currency: string): string | undefined {
  const lists = [invoice.total_taxes, invoice.total_tax_amounts].filter(Array.isArray);
  if (lists.length === 0) return partOf(invoice.tax, currency);
  const units = objectsOf(lists[0]).map(({ amount }) => Number(amount));
  return partOf(
    units.reduce((sum, unit) => sum + unit, 0),
    currency,
  );
}

/** Payments that the invoice names, in the words of either time, are a part of it and no sales of their own. */
function paymentsOf(invoice: Fields, created: string): MappedEvent[] {
  const id = neededText(invoice, "id");
  const payments = objectsOf(asObject(invoice.payments).data).map(({ payment }) => asObject(payment));
  const keys = [invoice, ...payments].map((object) => idOf(object.payment_intent) ?? idOf(object.charge));
  const known = new Set(keys.filter((key) => key !== undefined));
  return [...known].map((key) => orderVersion(key, created, {}, { order_id: key, part_of: id }));
}

/** A payment of an invoice, which may be one of several; since API version 2025-03-31 it alone names both. */
export function invoicePaymentMade({ object: payment, created }: StripeEvent): Outcome {
  const invoice = idOf(payment.invoice);
  if (invoice === undefined) return noMeaning("a payment of no invoice");
  const id = neededText(payment, "id");
  const currency = neededCurrency(payment);
  const paidBy = asObject(payment.payment);
  const key = idOf(paidBy.payment_intent) ?? idOf(paidBy.charge);
  const at = instantOfSeconds(asObject(payment.status_transitions).paid_at) ?? created;
  const made = step(
    id,
    "paid",
    "invoice.paid",
    at,
    {},
    {
      invoice_id: invoice,
      order_id: invoice,
      payment_id: id,
      amount: neededMinorUnits(payment, currency, "amount_paid"),
      currency,
    },
  );
  if (key === undefined) return { events: [made] };
  return { events: [made, orderVersion(key, created, {}, { order_id: key, part_of: invoice })] };
}
