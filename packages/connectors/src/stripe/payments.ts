import { fromMinorUnits } from "../amounts.ts";
import type { Outcome } from "../connector.ts";
import { noMeaning } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, neededText } from "../members.ts";
import { decimalOf, neededCurrency, neededMinorUnits } from "./minorUnits.ts";
import { idOf, peopleOf } from "./people.ts";
import { type StripeEvent, step } from "./stripeEvent.ts";

/** The order's key is the payment, which checkout, charge and refund all name. */
const orderKey = (object: Fields): string => idOf(object.payment_intent) ?? neededText(object, "id");

/** A checkout that was paid is both: the order and its payment. */
export function sessionPaid({ object: session, created }: StripeEvent): Outcome {
  if (session.payment_status !== "paid") {
    return noMeaning(`a checkout session whose payment status is ${asText(session.payment_status) ?? "not given"}`);
  }
  const key = orderKey(session);
  const currency = neededCurrency(session);
  const who = peopleOf(session);
  const money = { order_id: key, amount: neededMinorUnits(session, "amount_total", currency), currency };
  const reference = asText(session.client_reference_id);
  const company = asText(asObject(session.customer_details).business_name);
  return {
    events: [
      step(key, "placed", "order.placed", created, who, {
        ...money,
        session_id: asText(session.id),
        reference,
        subscription_id: idOf(session.subscription),
        company,
      }),
      step(key, "paid", "order.paid", created, who, money),
    ],
  };
}

export function paymentSucceeded({ object: payment, created }: StripeEvent): Outcome {
  if (idOf(payment.invoice)) return noMeaning("the payment of an invoice, told by invoice.paid");
  const currency = neededCurrency(payment);
  return paid(neededText(payment, "id"), neededMinorUnits(payment, "amount_received", currency), payment, created);
}

/** Has the same id as its payment intent's: one of the two counts. */
export function chargePaid({ object: charge, created }: StripeEvent): Outcome {
  if (idOf(charge.invoice)) return noMeaning("the charge of an invoice, told by invoice.paid");
  return paid(orderKey(charge), neededMinorUnits(charge, "amount", neededCurrency(charge)), charge, created);
}

function paid(key: string, amount: string, object: Fields, created: string): Outcome {
  const properties = {
    order_id: key,
    amount,
    currency: neededCurrency(object),
    description: asText(object.description),
  };
  return { events: [step(key, "paid", "order.paid", created, peopleOf(object), properties)] };
}

/** A refund names a payment, but no customer. */
export function refundMade({ object: refund, created }: StripeEvent): Outcome {
  const state = asText(refund.status);
  if (state === "failed" || state === "canceled") return noMeaning(`a refund in the state ${state}`);
  const id = neededText(refund, "id");
  const orderId = idOf(refund.payment_intent) ?? idOf(refund.charge) ?? id;
  const currency = neededCurrency(refund);
  return {
    events: [
      step(id, "refunded", "order.refunded", created, peopleOf(refund), {
        order_id: orderId,
        amount: neededMinorUnits(refund, "amount", currency),
        currency,
        reason: asText(refund.reason),
      }),
    ],
  };
}

/** A charge has the running total of its refunds; the difference to before is this refund. */
export function chargeRefunded({ object: charge, previous, created }: StripeEvent): Outcome {
  const currency = neededCurrency(charge);
  const total = wholeOf(charge, "amount_refunded");
  const before = previous.amount_refunded === undefined ? 0n : wholeOf(previous, "amount_refunded");
  const id = neededText(charge, "id");
  return {
    events: [
      step(id, `refunded-${total}`, "order.refunded", created, peopleOf(charge), {
        order_id: orderKey(charge),
        amount: decimalOf(String(total - before), "amount_refunded", currency),
        currency,
      }),
    ],
  };
}

function wholeOf(fields: Fields, name: string): bigint {
  const digits = fromMinorUnits(fields[name], 0);
  if (digits === undefined) throw new ElementFault(`${name}: is not a whole number of minor units`);
  return BigInt(digits);
}
