import { createHash } from "node:crypto";
import type { Outcome } from "../connector.ts";
import { noMeaning, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { type Fields, instantOfSeconds, neededText, objectsOf } from "../members.ts";
import { orderVersion } from "../orderVersions.ts";
import { neededCurrency, neededMinorUnits } from "./minorUnits.ts";
import { paymentKey } from "./payments.ts";
import { idOf, peopleOf } from "./people.ts";
import { disputeStates, refundStates } from "./states.ts";
import { type StripeEvent, step } from "./stripeEvent.ts";

const refundState = (status: unknown) =>
  typeof status === "string" && Object.hasOwn(refundStates, status) ? refundStates[status]! : "succeeded";

/** A refund in the state that it is in now; it names a payment, but no customer. */
export function refundChanged({ type, object: refund, previous, created }: StripeEvent): Outcome {
  // A number that the bank gave it, or metadata.
  if (type.endsWith(".updated") && Object.keys(previous).length > 0 && previous.status === undefined) {
    return noMeaning(`${type}: its state is as before`);
  }
  const id = neededText(refund, "id");
  const orderId = idOf(refund.payment_intent) ?? idOf(refund.charge);
  if (orderId === undefined) return noMeaning("a refund of no payment: a balance was paid out");
  const state = type === "refund.failed" ? "failed" : refundState(refund.status);
  const currency = neededCurrency(refund);
  const who = peopleOf(refund);
  if (state === "failed" || state === "cancelled") {
    const given = { order_id: orderId, refund_id: id, reason: asText(refund.failure_reason) };
    return { events: [step(id, state, "refund.failed", created, who, given)] };
  }
  return {
    events: [
      step(id, state === "succeeded" ? "refunded" : state, "order.refunded", created, who, {
        order_id: orderId,
        refund_id: id,
        amount: neededMinorUnits(refund, currency, "amount"),
        currency,
        state,
        reason: asText(refund.reason),
      }),
    ],
  };
}

/**
 * A charge has the running total of its refunds and, in older API versions, the refunds themselves. Both tell the same
 * as refund.created, by the same ids; the total counts for what is known by no id.
 */
export function chargeRefunded({ object: charge, created }: StripeEvent): Outcome {
  const key = paymentKey(charge);
  const currency = neededCurrency(charge);
  const released = releasedOf(charge);
  const refunds = listedRefunds(charge, currency, released);
  const paidBack = { ...charge, amount_refunded: Number(charge.amount_refunded) - released };
  return {
    events: [
      orderVersion(key, created, peopleOf(charge), {
        order_id: key,
        part_of: idOf(charge.invoice),
        currency,
        refunds,
        refunded: refunds === undefined ? neededMinorUnits(paidBack, currency, "amount_refunded") : undefined,
      }),
    ],
  };
}

/** Where less was captured than reserved, Stripe calls the rest refunded, which never was money that came. */
function releasedOf({ amount, amount_captured, amount_refunded }: Fields): number {
  const rest = Number(amount_captured) > 0 ? Number(amount) - Number(amount_captured) : 0;
  return rest > 0 && Number(amount_refunded) >= rest ? rest : 0;
}

function listedRefunds(charge: Fields, currency: string, released: number): Fields[] | undefined {
  const { data, has_more } = asObject(charge.refunds);
  if (!Array.isArray(data) || data.length === 0 || has_more === true) return undefined;
  const refunds = objectsOf(data);
  const times = refunds.map(({ created }) => instantOfSeconds(created));
  if (times.includes(undefined)) return undefined;
  const ofRelease = refunds.filter(({ amount }) => released > 0 && amount === released);
  const [release] = ofRelease.toSorted((one, other) => Number(one.created) - Number(other.created));
  return refunds.map((refund, index) =>
    present({
      refund_id: neededText(refund, "id"),
      amount: neededMinorUnits(refund, currency, "amount"),
      at: times[index],
      state: refund === release ? "cancelled" : refundState(refund.status),
      reason: asText(refund.reason),
    }),
  );
}

/** A dispute in the state that it is in now; only one that is lost takes anything away. */
export function disputeChanged({ object: dispute, created }: StripeEvent): Outcome {
  const id = neededText(dispute, "id");
  const orderId = idOf(dispute.payment_intent) ?? idOf(dispute.charge);
  if (orderId === undefined) return noMeaning("a dispute that names no payment");
  const status = asText(dispute.status) ?? "";
  const currency = neededCurrency(dispute);
  const properties = {
    order_id: orderId,
    dispute_id: id,
    amount: neededMinorUnits(dispute, currency, "amount"),
    currency,
    state: Object.hasOwn(disputeStates, status) ? disputeStates[status] : "open",
    provider_state: status,
    reason: asText(dispute.reason),
  };
  // It may go back to a state, so that the state alone is no id.
  const version = createHash("sha256")
    .update(JSON.stringify([created, properties]))
    .digest("hex")
    .slice(0, 12);
  return { events: [step(id, `disputed-${version}`, "payment.disputed", created, {}, properties)] };
}
