import type { EventType } from "@keypulse/contracts";
import type { Outcome } from "../connector.ts";
import { noMeaning, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { type Fields, instantOfSeconds, neededText } from "../members.ts";
import { neededCurrency, neededMinorUnits } from "./minorUnits.ts";
import { idOf, peopleOf } from "./people.ts";
import { type StripeEvent, step } from "./stripeEvent.ts";

export function invoiceIssued({ object: invoice, created }: StripeEvent): Outcome {
  const at = instantOfSeconds(asObject(invoice.status_transitions).finalized_at) ?? created;
  return one(invoice, "issued", "invoice.issued", at, "amount_due");
}

export function invoicePaid({ object: invoice, created }: StripeEvent): Outcome {
  const at = instantOfSeconds(asObject(invoice.status_transitions).paid_at) ?? created;
  return one(invoice, "paid", "invoice.paid", at, "amount_paid");
}

export function invoiceOverdue({ object: invoice, created }: StripeEvent): Outcome {
  return one(invoice, "overdue", "invoice.overdue", created, "amount_remaining");
}

/**
 * A failed payment is no news while the client has time or Stripe tries again. It makes the invoice overdue once its
 * date has passed or, where it has none because a card is charged, after the last attempt. Has the id that
 * invoice.overdue would have: whichever comes first counts.
 */
export function failedPayment({ object: invoice, created, createdSeconds }: StripeEvent): Outcome {
  const isOver =
    typeof invoice.due_date === "number"
      ? invoice.due_date < createdSeconds
      : invoice.next_payment_attempt === null && invoice.attempted === true;
  if (!isOver) return noMeaning("invoice.payment_failed: the client still has time to pay");
  return one(invoice, "overdue", "invoice.overdue", created, "amount_remaining", { reason: "payment_failed" });
}

function one(
  invoice: Fields,
  name: string,
  type: EventType,
  at: string,
  amountMember: string,
  more: Fields = {},
): Outcome {
  const id = neededText(invoice, "id");
  const currency = neededCurrency(invoice);
  // Newer API versions keep the subscription in `parent`.
  const parent = asObject(asObject(invoice.parent).subscription_details);
  const properties = present({
    invoice_id: id,
    amount: neededMinorUnits(invoice, amountMember, currency),
    currency,
    due_at: instantOfSeconds(invoice.due_date),
    invoice_number: asText(invoice.number),
    subscription_id: idOf(parent.subscription) ?? idOf(invoice.subscription),
    company: asText(invoice.customer_name),
    billing_reason: asText(invoice.billing_reason),
    ...more,
  });
  return { events: [step(id, name, type, at, peopleOf(invoice), properties)] };
}
