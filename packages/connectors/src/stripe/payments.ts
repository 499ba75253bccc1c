import type { OrderState } from "@keypulse/contracts";
import type { Outcome } from "../connector.ts";
import { noMeaning } from "../elements.ts";
import { asText } from "../json.ts";
import { type Fields, neededText } from "../members.ts";
import { neededCurrency, neededMinorUnits } from "./minorUnits.ts";
import { idOf, payerOf, peopleOf } from "./people.ts";
import { chargeStates, paymentIntentStates, stateOf } from "./states.ts";
import { type StripeEvent, saleEvents } from "./stripeEvent.ts";

/** The order's key is the payment, which checkout, charge, refund and dispute all name. */
export const paymentKey = (object: Fields): string => idOf(object.payment_intent) ?? neededText(object, "id");

/** A payment that waits, is reserved, failed or arrived: a sale of its own, unless it is said to be a bill's. */
export function paymentChanged({ type, object: payment, created }: StripeEvent): Outcome {
  const isFailed = type === "payment_intent.payment_failed";
  const state = isFailed ? "failed" : stateOf(paymentIntentStates, payment.status ?? statusByType.get(type));
  // Checkouts that were left and carts that ran out never had a charge.
  if (type === "payment_intent.canceled" && idOf(payment.latest_charge) === undefined) {
    return noMeaning("a payment that was never begun was given up");
  }
  const member = state === "paid" ? "amount_received" : "amount";
  return payed(neededText(payment, "id"), state, payment, member, created);
}

/** What an event's type says of the status, where the snapshot doesn't. */
const statusByType = new Map([
  ["payment_intent.succeeded", "succeeded"],
  ["payment_intent.processing", "processing"],
  ["payment_intent.amount_capturable_updated", "requires_capture"],
  ["payment_intent.canceled", "canceled"],
  ["charge.pending", "pending"],
  ["charge.failed", "failed"],
]);

/** The same payment by its charge, which is all there is where merchants make charges alone. */
export function chargeChanged({ type, object: charge, created }: StripeEvent): Outcome {
  if (idOf(charge.source_transfer) !== undefined) {
    return noMeaning("what a platform hands on to a connected account; the platform's own charge is the sale");
  }
  const status = stateOf(chargeStates, charge.status ?? statusByType.get(type) ?? "succeeded");
  const isExpired = type === "charge.expired";
  const state = isExpired ? "failed" : status === "paid" && charge.captured === false ? "authorized" : status;
  // Less may be captured than was reserved.
  const member = state === "paid" && Number(charge.amount_captured) > 0 ? "amount_captured" : "amount";
  return payed(paymentKey(charge), state, charge, member, created);
}

/**
 * API versions up to 2025-02-24 name the invoice that a payment is for. Later ones name the payer on both, and the
 * payment on the invoice.
 */
function payed(key: string, state: OrderState, object: Fields, amountMember: string, created: string): Outcome {
  const currency = neededCurrency(object);
  return {
    events: saleEvents(created, peopleOf(object), {
      order_id: key,
      part_of: idOf(object.invoice),
      state,
      payer: payerOf(object),
      amount: neededMinorUnits(object, currency, amountMember),
      currency,
      paid_at: state === "paid" ? created : undefined,
      description: asText(object.description),
    }),
  };
}
