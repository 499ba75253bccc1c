import type { EventType, Identifiers } from "@keypulse/contracts";
import { addDecimals, asDecimal, isNegative, isZero, subtractDecimals } from "../amounts.ts";
import type { MappedEvent, Outcome } from "../connector.ts";
import { eventId, noMeaning, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import {
  asInstant,
  ElementFault,
  type Fields,
  neededAmount,
  neededInstant,
  neededText,
  objectsOf,
} from "../members.ts";

/** Ids of customers are unique over all shops. */
export const customerKey = (id: string): string => `shopify:customer:${id}`;

/** Who is behind an order or a checkout; a guest has no customer, an order at a till may have nobody. */
export function peopleOfOrder(order: Fields): Identifiers {
  const customer = asObject(order.customer);
  const billing = asObject(order.billing_address);
  const customerId = asText(customer.id);
  // Shops that sell to companies; a company's name alone, in an address, names no client.
  const companyId = asText(asObject(order.company).id);
  return present({
    account_id: companyId && `shopify:company:${companyId}`,
    user_id: customerId && customerKey(customerId),
    email: asText(order.email) ?? asText(order.contact_email) ?? asText(customer.email),
    phone: asText(order.phone) ?? asText(customer.phone) ?? asText(billing.phone),
  });
}

export function placed(order: Fields): Outcome {
  const items = objectsOf(order.line_items).map((line) =>
    present({
      sku: asText(line.sku) ?? asText(line.variant_id) ?? asText(line.product_id) ?? neededText(line, "title"),
      name: asText(line.title),
      quantity: neededAmount(line, "quantity"),
      unit_price: neededAmount(line, "price"),
      vendor: asText(line.vendor),
    }),
  );
  // Of an order that was carried over from another shop, only `processed_at` is the day on which it was placed.
  const at = neededInstant(order, "processed_at", "created_at");
  return one(order, "placed", "order.placed", at, {
    amount: neededAmount(order, "total_price"),
    currency: neededText(order, "currency"),
    items,
    order_number: asText(order.name),
    company: asText(asObject(order.billing_address).company),
    channel: asText(order.source_name),
  });
}

/** An order tells no time of its payment; when the topic fires, it was just changed by it. */
export function paid(order: Fields): Outcome {
  return one(order, "paid", "order.paid", neededInstant(order, "updated_at", "processed_at", "created_at"), {
    amount: neededAmount(order, "total_price"),
    currency: neededText(order, "currency"),
  });
}

/**
 * Cancelling takes away what was never paid; what was paid goes back by refunds, which have their own topic, and must
 * not be subtracted twice.
 */
export function cancelled(order: Fields): Outcome {
  const total = neededAmount(order, "total_price");
  const state = asText(order.financial_status);
  const outstanding = asDecimal(order.total_outstanding);
  const unpaid =
    state === "paid" || state === "partially_refunded" || state === "refunded"
      ? "0.00"
      : state === "partially_paid" && outstanding !== undefined
        ? outstanding
        : subtractDecimals(total, ...objectsOf(order.refunds).map((refund) => returnedBy(refund).amount));
  return one(order, "cancelled", "order.cancelled", neededInstant(order, "cancelled_at", "updated_at"), {
    amount: isNegative(unpaid) ? "0.00" : unpaid,
    currency: neededText(order, "currency"),
    total,
    reason: asText(order.cancel_reason),
  });
}

export function shipped(order: Fields): Outcome {
  const made = objectsOf(order.fulfillments).flatMap((fulfilment) => asInstant(fulfilment.created_at) ?? []);
  const at = made[0] ?? neededInstant(order, "updated_at", "created_at");
  return one(order, "shipped", "order.shipped", at, {});
}

/** A refund names its order, but no customer; the amount is what was really paid back. */
export function refunded(refund: Fields): Outcome {
  const id = neededText(refund, "id");
  const orderId = neededText(refund, "order_id");
  const { amount, currency } = returnedBy(refund);
  if (isZero(amount)) return noMeaning("refunds/create: no money went back (yet)");
  if (currency === undefined) throw new ElementFault("transactions.currency: is missing");
  return {
    events: [
      {
        id: eventId(`order ${orderId}`, `refund-${id}`),
        type: "order.refunded",
        occurred_at: neededInstant(refund, "processed_at", "created_at"),
        identifiers: {},
        properties: present({
          order_id: orderId,
          amount,
          currency,
          refund_id: id,
          reason: asText(refund.note),
          items: refundedItems(refund),
        }),
      },
    ],
  };
}

/** The sum of a refund's transactions that succeeded. */
function returnedBy(refund: Fields): { amount: string; currency: string | undefined } {
  const done = objectsOf(refund.transactions).filter(
    ({ kind, status }) => kind === "refund" && (status === undefined || status === "success"),
  );
  const currencies = new Set(done.map(({ currency }) => asText(currency)));
  if (currencies.size > 1) throw new ElementFault("transactions.currency: one refund has several");
  const [currency] = currencies;
  return { amount: addDecimals("0.00", ...done.map((transaction) => neededAmount(transaction, "amount"))), currency };
}

/** What came back, where the refund carries the lines themselves. */
function refundedItems(refund: Fields): Fields[] | undefined {
  const items = objectsOf(refund.refund_line_items).flatMap((part) => {
    const line = asObject(part.line_item);
    const sku = asText(line.sku) ?? asText(line.variant_id);
    const [quantity, price] = [asDecimal(part.quantity), asDecimal(line.price)];
    return sku && quantity && price ? [present({ sku, name: asText(line.title), quantity, unit_price: price })] : [];
  });
  return items.length > 0 ? items : undefined;
}

function one(order: Fields, step: string, type: EventType, at: string, properties: Fields): Outcome {
  const orderId = neededText(order, "id");
  const event: MappedEvent = {
    // Order and step, not the delivery: several topics and every retry tell of the same step.
    id: eventId(`order ${orderId}`, step),
    type,
    occurred_at: at,
    identifiers: peopleOfOrder(order),
    properties: present({ order_id: orderId, ...properties }),
  };
  return { events: [event] };
}
