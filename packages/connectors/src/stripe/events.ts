import type { Outcome } from "../connector.ts";
import { noMeaning, present, unknownType } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, instantOfSeconds, neededText, objectsOf } from "../members.ts";
import { failedPayment, invoiceIssued, invoiceOverdue, invoicePaid } from "./invoices.ts";
import { chargePaid, chargeRefunded, paymentSucceeded, refundMade, sessionPaid } from "./payments.ts";
import { peopleOf } from "./people.ts";
import type { StripeSettings } from "./stripe.ts";
import { type StripeEvent, step } from "./stripeEvent.ts";

type Reader = (event: StripeEvent) => Outcome;

const readers = new Map<string, Reader>([
  ["checkout.session.completed", sessionPaid],
  ["checkout.session.async_payment_succeeded", sessionPaid],
  ["payment_intent.succeeded", paymentSucceeded],
  ["charge.succeeded", chargePaid],
  ["charge.refunded", chargeRefunded],
  ["refund.created", refundMade],
  ["invoice.finalized", invoiceIssued],
  ["invoice.paid", invoicePaid],
  ["invoice.overdue", invoiceOverdue],
  ["invoice.payment_failed", failedPayment],
  ["customer.subscription.deleted", subscriptionEnded],
]);

/** Read with the event's own id, because one customer changes many times. */
const customerTypes = new Set(["customer.created", "customer.updated"]);
const refundTypes = new Set(["refund.created", "charge.refunded"]);
/** Told more exactly by another type, or drafts. */
const withoutMeaning = new Set(["invoice.payment_succeeded", "invoice.created", "invoice.updated", "charge.updated"]);

export function readStripeEvent(body: Fields, settings: StripeSettings): Outcome {
  if (body.object === "v2.core.event") {
    return noMeaning("a thin event has ids only: wire the destination with snapshot payloads");
  }
  const type = neededText(body, "type");
  // The endpoint for production must not take what test mode sends.
  if (body.livemode === false && !settings.sandbox) return { unused: "test", detail: `${type} of test mode` };
  if (refundTypes.has(type) && type !== settings.refunds) {
    return noMeaning(`${type}: refunds are read from ${settings.refunds}`);
  }
  const created = instantOfSeconds(body.created);
  if (created === undefined) throw new ElementFault("created: is not a time in Unix seconds");
  const data = asObject(body.data);
  const object = asObject(data.object);
  if (customerTypes.has(type)) return customerKnown(neededText(body, "id"), created, object);
  const read = readers.get(type);
  if (read === undefined) {
    return withoutMeaning.has(type) ? noMeaning(`${type} is told by another type`) : unknownType(type);
  }
  const createdSeconds = Number(body.created);
  const outcome = read({ created, createdSeconds, object, previous: asObject(data.previous_attributes) });
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

/**
 * The vocabulary has no type for the end of a subscription; a cancelled order of no amount says that the client left,
 * and leaves the revenue of the past as it is.
 */
function subscriptionEnded({ object: subscription, created }: StripeEvent): Outcome {
  const id = neededText(subscription, "id");
  const details = asObject(subscription.cancellation_details);
  const at = instantOfSeconds(subscription.ended_at) ?? created;
  const [item] = objectsOf(asObject(subscription.items).data);
  const currency = asText(subscription.currency) ?? neededText(asObject(item?.price), "currency");
  return {
    events: [
      step(id, "cancelled", "order.cancelled", at, peopleOf(subscription), {
        order_id: id,
        amount: "0.00",
        currency: currency.toUpperCase(),
        subject: "subscription",
        reason: asText(details.feedback) ?? asText(details.reason),
        comment: asText(details.comment),
      }),
    ],
  };
}

function customerKnown(eventId: string, created: string, customer: Fields): Outcome {
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
