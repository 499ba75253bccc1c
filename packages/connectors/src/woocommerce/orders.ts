import type { Identifiers } from "@keypulse/contracts";
import { addDecimals, asDecimal, isNegative, perPiece, toContractPlaces, withoutSign } from "../amounts.ts";
import type { Outcome } from "../connector.ts";
import { present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { asInstant, ElementFault, type Fields, neededAmount, neededText, objectsOf } from "../members.ts";
import { isPlaced, orderPlaced, orderVersion } from "../orderVersions.ts";
import { stateOf } from "./states.ts";

/** Every shop counts its customers from 1, so the source is a part of the key. */
export const customerKey = (source: string, id: string): string => `woocommerce:${source}:customer:${id}`;

/** A time that the shop gives in UTC without saying so. */
function utc(value: unknown): string | undefined {
  const text = asText(value);
  return text && (asInstant(`${text}Z`) ?? asInstant(text));
}

/** The first of these times. @throws ElementFault where none is one */
export function neededUtc(fields: Fields, ...names: string[]): string {
  for (const name of names) {
    const instant = utc(fields[name]);
    if (instant) return instant;
  }
  throw new ElementFault(`${names[0]}: is not a time such as 2026-01-31T09:30:00`);
}

/**
 * The order as it is now: the shop sends all of it at every change, and has no topics for payment, refund and the like.
 * The day of a cancellation or a refund is not in it: it is the day of the first version that has it.
 */
export function orderAsItIs(order: Fields, source: string): Outcome {
  const orderId = neededText(order, "id");
  const status = neededText(order, "status");
  const paidAt = utc(order.date_paid_gmt);
  const state = stateOf(status, paidAt !== undefined);
  const modifiedAt = neededUtc(order, "date_modified_gmt", "date_created_gmt");
  const placedAt = neededUtc(order, "date_created_gmt", "date_modified_gmt");
  const money = { order_id: orderId, amount: neededAmount(order, "total"), currency: neededText(order, "currency") };
  const names = {
    order_number: asText(order.number),
    company: asText(asObject(order.billing).company),
  };
  const who = peopleOfOrder(order, source);
  const key = `order ${orderId}`;
  const refunds = refundsOf(order, modifiedAt);
  const version = orderVersion(key, modifiedAt, who, {
    ...money,
    state,
    placed_at: placedAt,
    paid_at: paidAt,
    fulfilled_at: utc(order.date_completed_gmt),
    tax: partOf(order.total_tax),
    shipping: partOf(order.shipping_total),
    discount: partOf(order.discount_total),
    items: itemsOf(order),
    refunds,
    ...names,
    provider_state: status,
    payment_method: asText(order.payment_method),
  });
  // A cancelled order may never have been more than a checkout that was left.
  const wasPlaced = isPlaced(state) || paidAt !== undefined || (refunds?.length ?? 0) > 0;
  return { events: wasPlaced ? [orderPlaced(key, placedAt, who, { ...money, ...names }), version] : [version] };
}

/**
 * The shop sends `order.deleted` when an order goes to the trash and when it is deleted for good, with its id alone. The
 * time is that of arrival; a shop sends each message once.
 */
export function orderDeleted(order: Fields, receivedAt: Date): Outcome {
  const orderId = neededText(order, "id");
  return {
    events: [
      orderVersion(`order ${orderId}`, receivedAt.toISOString(), {}, { order_id: orderId, state: "deleted" as const }),
    ],
  };
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

/** A part of the total that the shop may leave out. */
function partOf(value: unknown): string | undefined {
  const amount = asDecimal(value);
  return amount === undefined || isNegative(amount) ? undefined : toContractPlaces(amount);
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

/** Refunds are listed with a negative total and without a time. */
function refundsOf(order: Fields, at: string): Fields[] | undefined {
  if (!Array.isArray(order.refunds)) return undefined;
  return objectsOf(order.refunds).map((refund) => {
    const total = asDecimal(refund.total);
    if (total === undefined) throw new ElementFault("refunds.total: is not an amount");
    return present({
      refund_id: neededText(refund, "id"),
      amount: toContractPlaces(addDecimals(withoutSign(total))),
      at,
      reason: asText(refund.reason),
    });
  });
}
