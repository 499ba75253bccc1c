import type { Outcome } from "../connector.ts";
import { noMeaning, present, unknownType } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, instantOfSeconds, neededText } from "../members.ts";
import { checkoutCompleted } from "./checkouts.ts";
import { creditNoteChanged } from "./creditNotes.ts";
import { failedPayment, invoiceChanged, invoicePaymentMade, invoiceSteps } from "./invoices.ts";
import { chargeChanged, paymentChanged } from "./payments.ts";
import { peopleOf } from "./people.ts";
import { chargeRefunded, disputeChanged, refundChanged } from "./refunds.ts";
import type { StripeSettings } from "./stripe.ts";
import type { StripeEvent } from "./stripeEvent.ts";
import { subscriptionChanged, subscriptionEnded } from "./subscriptions.ts";

type Reader = (event: StripeEvent) => Outcome;

const all = (types: string, read: Reader): [string, Reader][] => types.split(" ").map((type) => [type, read]);

const readers = new Map<string, Reader>([
  ...all("checkout.session.completed checkout.session.async_payment_succeeded", checkoutCompleted),
  ...all("checkout.session.async_payment_failed", checkoutCompleted),
  ...all("payment_intent.succeeded payment_intent.processing payment_intent.canceled", paymentChanged),
  ...all("payment_intent.amount_capturable_updated payment_intent.payment_failed", paymentChanged),
  ...all("charge.succeeded charge.captured charge.pending charge.failed charge.expired", chargeChanged),
  ...all("charge.refunded", chargeRefunded),
  ...all("refund.created refund.updated refund.failed charge.refund.updated", refundChanged),
  ...all("charge.dispute.created charge.dispute.updated charge.dispute.closed", disputeChanged),
  ...all("charge.dispute.funds_withdrawn charge.dispute.funds_reinstated", disputeChanged),
  ...all(Object.keys(invoiceSteps).join(" "), invoiceChanged),
  ...all("invoice.payment_failed", failedPayment),
  ...all("invoice_payment.paid", invoicePaymentMade),
  ...all("credit_note.created credit_note.voided", creditNoteChanged),
  ...all("customer.subscription.created customer.subscription.updated", subscriptionChanged),
  ...all("customer.subscription.paused customer.subscription.resumed", subscriptionChanged),
  ...all("customer.subscription.deleted", subscriptionEnded),
  ...all("customer.created customer.updated", customerKnown),
]);

/** Told more exactly by another type, of drafts, or before anything is paid. */
const withoutMeaning = new Set(
  [
    "checkout.session.expired payment_intent.created payment_intent.requires_action payment_intent.partially_funded",
    "charge.updated invoice.payment_succeeded invoice.created invoice.updated invoice.deleted invoice.sent",
    "invoice.upcoming invoice.will_be_due invoice.finalization_failed invoice.overpaid",
    "invoice.payment_action_required invoice.payment_attempt_required credit_note.updated customer.deleted",
    "customer.subscription.trial_will_end customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
  ].flatMap((types) => types.split(" ")),
);

/** Whether this connector knows what to do with events of a type, be it nothing. */
export const isKnownType = (type: string): boolean => readers.has(type) || withoutMeaning.has(type);

export function readStripeEvent(body: Fields, settings: StripeSettings): Outcome {
  if (body.object === "v2.core.event") {
    return noMeaning("a thin event has ids only: wire the destination with snapshot payloads");
  }
  const type = neededText(body, "type");
  // The endpoint for production must not take what test mode sends.
  if (body.livemode === false && !settings.sandbox) return { unused: "test", detail: `${type} of test mode` };
  const created = instantOfSeconds(body.created);
  if (created === undefined) throw new ElementFault("created: is not a time in Unix seconds");
  const read = readers.get(type);
  if (read === undefined) {
    return withoutMeaning.has(type)
      ? noMeaning(`${type} is told by another type, or of nothing paid`)
      : unknownType(type);
  }
  const data = asObject(body.data);
  const outcome = read({
    id: neededText(body, "id"),
    type,
    created,
    createdSeconds: Number(body.created),
    object: asObject(data.object),
    previous: asObject(data.previous_attributes),
  });
  return withConnectedAccount(outcome, asText(body.account));
}

/** Events of a platform's connected accounts say whose they are. */
function withConnectedAccount(outcome: Outcome, account: string | undefined): Outcome {
  if (account === undefined || !("events" in outcome)) return outcome;
  const named = outcome.events.map((event) => ({
    ...event,
    properties: { ...event.properties, connected_account: account },
  }));
  return { events: named };
}

/** Has the event's own id, because one customer changes many times. */
function customerKnown({ id: eventId, object: customer, created }: StripeEvent): Outcome {
  const id = neededText(customer, "id");
  const address = asObject(customer.address);
  return {
    events: [
      {
        id: eventId,
        type: "identify",
        occurred_at: created,
        identifiers: present({
          ...peopleOf({ metadata: customer.metadata, customer: id }),
          email: asText(customer.email),
          phone: asText(customer.phone),
        }),
        properties: {},
        traits: present({
          name: asText(customer.name),
          description: asText(customer.description),
          country: asText(address.country),
        }),
      },
    ],
  };
}
