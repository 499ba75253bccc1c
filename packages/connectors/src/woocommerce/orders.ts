import type { EventType, Identifiers } from "@keypulse/contracts";
import { addDecimals, asDecimal, isNegative, isZero, perPiece, subtractDecimals, withoutSign } from "../amounts.ts";
import type { MappedEvent, Outcome } from "../connector.ts";
import { eventId, noMeaning, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { asInstant, ElementFault, type Fields, neededAmount, neededText, objectsOf } from "../members.ts";

/** Every shop counts its customers from 1, so the source is a part of the key. */
export const customerKey = (source: string, id: string): string => `woocommerce:${source}:customer:${id}`;

/** The first of these times, which the shop gives in UTC without saying so. @throws ElementFault where none is one */
export function neededUtc(fields: Fields, ...names: string[]): string {
  for (const name of names) {
    const text = asText(fields[name]);
    const instant = text && (asInstant(`${text}Z`) ?? asInstant(text));
    if (instant) return instant;
  }
  throw new ElementFault(`${names[0]}: is not a time such as 2026-01-31T09:30:00`);
}

/**
 * All that an order has gone through so far. There are no topics for payment, refund and the like, and an order is
 * sent again at every change: each step has an id of its own, so that only its first sight counts.
 */
export function transitionsOf(order: Fields, source: string): Outcome {
  const orderId = neededText(order, "id");
  const status = asText(order.status);
  if (status === "checkout-draft" || status === "auto-draft" || status === "trash") {
    return noMeaning(`the order is in the status ${status}`);
  }
  const total = neededAmount(order, "total");
  const money = { amount: total, currency: neededText(order, "currency") };
  const identifiers = peopleOfOrder(order, source);
  const events: MappedEvent[] = [];
  const add = (step: string, type: EventType, at: string, properties: Fields): void => {
    const id = eventId(`order ${orderId}`, step);
    const all = present({ order_id: orderId, ...properties });
    events.push({ id, type, occurred_at: at, identifiers, properties: all });
  };

  add("placed", "order.placed", neededUtc(order, "date_created_gmt"), {
    ...money,
    items: itemsOf(order),
    order_number: asText(order.number),
    company: asText(asObject(order.billing).company),
  });
  const isCompleted = status === "completed";
  if (asText(order.date_paid_gmt) !== undefined || status === "processing" || isCompleted) {
    add("paid", "order.paid", neededUtc(order, "date_paid_gmt", "date_modified_gmt"), money);
  }
  if (isCompleted) add("shipped", "order.shipped", neededUtc(order, "date_completed_gmt", "date_modified_gmt"), {});

  const refunds = refundsOf(order);
  for (const { id, amount, reason } of refunds) {
    const refund = { ...money, amount, refund_id: id, reason };
    add(`refund-${id}`, "order.refunded", neededUtc(order, "date_modified_gmt"), refund);
  }
  const kept = subtractDecimals(total, ...refunds.map(({ amount }) => amount));
  // What a whole refund or a cancellation takes away beyond the refunds that are listed.
  const rest = { ...money, amount: isNegative(kept) ? "0.00" : kept };
  if (status === "cancelled") add("cancelled", "order.cancelled", neededUtc(order, "date_modified_gmt"), rest);
  if (status === "refunded" && !isZero(rest.amount)) {
    add("refunded", "order.refunded", neededUtc(order, "date_modified_gmt"), rest);
  }
  return { events };
}

/** A guest (customer 0) has no more than an address for the bill. */
function peopleOfOrder(order: Fields, source: string): Identifiers {
  const billing = asObject(order.billing);
  const customer = asText(order.customer_id);
  return present({
    user_id: customer === undefined || customer === "0" ? undefined : customerKey(source, customer),
    email: asText(billing.email),
    phone: asText(billing.phone),
  });
}

/** `price` is a JSON number that PHP may have rounded; the line's total over its quantity is exact. */
function itemsOf(order: Fields): Fields[] {
  return objectsOf(order.line_items).map((line) => {
    const quantity = neededAmount(line, "quantity");
    const variation = asText(line.variation_id);
    const product = variation === undefined || variation === "0" ? asText(line.product_id) : variation;
    return present({
      sku: asText(line.sku) ?? product ?? neededText(line, "name"),
      name: asText(line.name),
      quantity,
      unit_price: perPiece(neededAmount(line, "total"), quantity) ?? neededAmount(line, "price"),
    });
  });
}

/** Refunds are listed with a negative total. */
function refundsOf(order: Fields): { id: string; amount: string; reason: string | undefined }[] {
  return objectsOf(order.refunds).map((refund) => {
    const total = asDecimal(refund.total);
    if (total === undefined) throw new ElementFault("refunds.total: is not an amount");
    return { id: neededText(refund, "id"), amount: addDecimals(withoutSign(total)), reason: asText(refund.reason) };
  });
}
