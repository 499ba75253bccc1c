import type { Identifiers } from "@keypulse/contracts";
import { asDecimal, isZero, multiplyDecimals, perPiece, toContractPlaces } from "../amounts.ts";
import type { Outcome } from "../connector.ts";
import { eventId, noMeaning, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { asInstant, type Fields, neededInstant, neededText, objectsOf } from "../members.ts";
import { isPlaced, orderPlaced, orderVersion } from "../orderVersions.ts";
import { isOfMoney, readRefund, type ShopifyRefund } from "./refunds.ts";
import { stateOf } from "./states.ts";
import { worthOf } from "./worth.ts";

/** Ids of customers are unique over all shops. */
export const customerKey = (id: string): string => `shopify:customer:${id}`;

export const orderKey = (orderId: string): string => `order ${orderId}`;

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

/**
 * The order as it is now, which all of an order's topics send. Of an order that was carried over from another shop, only
 * `processed_at` is the day on which it was placed.
 */
export function orderAsItIs(order: Fields, topic: string): Outcome {
  const orderId = neededText(order, "id");
  const key = orderKey(orderId);
  const placedAt = neededInstant(order, "processed_at", "created_at");
  const changedAt = neededInstant(order, "updated_at", "processed_at", "created_at");
  const cancelledAt = asInstant(order.cancelled_at);
  const financial = asText(order.financial_status);
  const state = stateOf(financial, cancelledAt !== undefined, order.fulfillment_status === "fulfilled");
  const refunds = Array.isArray(order.refunds)
    ? objectsOf(order.refunds)
        .map(readRefund)
        .map((refund) => ({ ...refund, money: inShopMoney(refund, order) }))
    : undefined;
  const worth = worthOf(order, refunds);
  const money = { order_id: orderId, amount: worth.amount, currency: neededText(order, "currency") };
  const names = {
    order_number: asText(order.name),
    company: asText(asObject(order.billing_address).company),
    channel: asText(order.source_name),
  };
  const who = peopleOfOrder(order);
  const version = orderVersion(key, changedAt, who, {
    ...money,
    ...worth,
    state,
    placed_at: placedAt,
    // An order tells no time of its payment; when that topic fires, it was just changed by it.
    paid_at: topic === "orders/paid" ? changedAt : undefined,
    fulfilled_at: fulfilledAt(order),
    cancelled_at: cancelledAt,
    refunds: refunds?.filter(isOfMoney).map(listed),
    ...names,
    provider_state: financial,
    reason: asText(order.cancel_reason),
  });
  const wasPaid = financial === "paid" || financial === "partially_paid" || financial?.endsWith("refunded");
  if (!isPlaced(state) && !(state === "cancelled" && wasPaid)) return { events: [version] };
  return { events: [orderPlaced(key, placedAt, who, { ...money, ...names }), version] };
}

/** Shopify says the id alone. @param at when it said so */
export function orderDeleted(order: Fields, at: string): Outcome {
  const orderId = neededText(order, "id");
  return { events: [orderVersion(orderKey(orderId), at, {}, { order_id: orderId, state: "deleted" as const })] };
}

/** A refund names its order, but no customer; the amount is what was really paid back, or will be. */
export function refunded(body: Fields): Outcome {
  const orderId = neededText(body, "order_id");
  const refund = readRefund(body);
  if (!isOfMoney(refund)) return noMeaning("refunds/create: pieces came back or were edited away, and no money did");
  return {
    events: [
      {
        id: eventId(orderKey(orderId), `refund-${refund.id}`),
        type: "order.refunded",
        occurred_at: refund.at,
        identifiers: {},
        properties: present({
          order_id: orderId,
          refund_id: refund.id,
          amount: toContractPlaces(refund.money),
          currency: refund.currency,
          state: refund.state,
          reason: refund.note,
          items: refund.items,
        }),
      },
    ],
  };
}

const listed = ({ id, at, state, money, items, note }: ShopifyRefund): Fields =>
  present({ refund_id: id, amount: money, at, state, items, reason: note });

/** Buyers may pay in a currency of their own; the order's total in both gives the rate that was used. */
function inShopMoney({ money, currency }: ShopifyRefund, order: Fields): string {
  const totals = asObject(order.total_price_set);
  const [shop, theirs] = [asObject(totals.shop_money), asObject(totals.presentment_money)];
  const [inShop, inTheirs] = [asDecimal(shop.amount), asDecimal(theirs.amount)];
  const isTheirs = currency !== undefined && currency !== asText(order.currency) && currency === theirs.currency_code;
  if (!isTheirs || inShop === undefined || inTheirs === undefined || isZero(inTheirs)) return toContractPlaces(money);
  return perPiece(multiplyDecimals(money, inShop), inTheirs) ?? toContractPlaces(money);
}

/** When the last part left, once all has. */
function fulfilledAt(order: Fields): string | undefined {
  if (order.fulfillment_status !== "fulfilled") return undefined;
  const made = objectsOf(order.fulfillments).flatMap((fulfilment) => asInstant(fulfilment.created_at) ?? []);
  return made.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
}
