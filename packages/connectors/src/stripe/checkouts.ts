import { isZero } from "../amounts.ts";
import type { Outcome } from "../connector.ts";
import { noMeaning } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { neededText } from "../members.ts";
import { orderVersion } from "../orderVersions.ts";
import { linesOf } from "./lines.ts";
import { neededCurrency, neededMinorUnits, partOf } from "./minorUnits.ts";
import { idOf, payerOf, peopleOf } from "./people.ts";
import { checkoutStates, stateOf } from "./states.ts";
import { type StripeEvent, saleEvents } from "./stripeEvent.ts";

/**
 * A checkout that the client completed, and what became of a payment that takes days. The sale is its invoice where it
 * has one (each subscription's has), else its payment, which charges and refunds name too, else the checkout itself.
 */
export function checkoutCompleted({ type, object: session, created }: StripeEvent): Outcome {
  if (session.mode === "setup") return noMeaning("a checkout that only keeps a means of payment");
  const [invoice, payment] = [idOf(session.invoice), idOf(session.payment_intent)];
  const key = invoice ?? payment ?? neededText(session, "id");
  const isFailed = type === "checkout.session.async_payment_failed";
  const currency = neededCurrency(session);
  const amount = neededMinorUnits(session, currency, "amount_total");
  // A trial is no sale yet, as its invoice of nothing is none.
  const isTrial = session.mode === "subscription" && isZero(amount);
  const state = isFailed ? "failed" : isTrial ? "pending" : stateOf(checkoutStates, session.payment_status);
  const who = peopleOf(session);
  const payer = payerOf(session);
  const totals = asObject(session.total_details);
  const events = saleEvents(created, who, {
    order_id: key,
    state,
    payer,
    amount,
    currency,
    // Of a late payment's outcome, the time is not that of the order.
    placed_at: type === "checkout.session.completed" ? created : undefined,
    paid_at: state === "paid" ? created : undefined,
    tax: partOf(totals.amount_tax, currency),
    shipping: partOf(totals.amount_shipping, currency),
    discount: partOf(totals.amount_discount, currency),
    items: linesOf(session.line_items, "amount_total", currency),
    subscription: session.mode === "subscription" || undefined,
    session_id: asText(session.id),
    reference: asText(session.client_reference_id),
    subscription_id: idOf(session.subscription),
    company: asText(asObject(session.customer_details).business_name),
  });
  if (invoice === undefined || payment === undefined) return { events };
  return { events: [...events, orderVersion(payment, created, who, { order_id: payment, part_of: invoice, payer })] };
}
