import { asDecimal, isNegative, toContractPlaces, withoutSign } from "../amounts.ts";
import type { MappedEvent } from "../connector.ts";
import { eventId, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, objectsOf } from "../members.ts";
import type { SegmentMessage } from "./message.ts";
import { campaignOf } from "./page.ts";
import { withSent } from "./sentProperties.ts";

export type OrderStep = "order.placed" | "order.cancelled" | "order.refunded" | "order.shipped";

const readOfOrder: ReadonlySet<string> = new Set(["currency"]);
const readWithItems: ReadonlySet<string> = new Set(["currency", "products"]);

/** Sums of floats that ought to be zero print with an exponent. */
const almostZero = 1e-6;

/**
 * The events of one step of an order. Its worth is the `total`, else the `revenue`, which leaves out tax and shipping;
 * a refund's `total` is what went back, even where its products are the whole order's. What is completed is paid.
 * Source: Segment specification, e-commerce, version 2.
 */
export function orderEvents(
  { id, at, fields, context, identifiers, settings }: SegmentMessage,
  step: OrderStep,
): MappedEvent[] {
  const sent = asObject(fields.properties);
  const orderId = asText(sent.order_id);
  if (orderId === undefined) throw new ElementFault("properties.order_id: is missing");
  const amount = amountOf(sent, step);
  if (amount === undefined && step !== "order.shipped") {
    throw new ElementFault("properties.total: is missing, and so is revenue");
  }
  const currency = amount && (asText(sent.currency)?.trim().toUpperCase() ?? settings.currency);
  const money = present({ order_id: orderId, amount, currency });
  const items = itemsOf(sent);
  const ours = { ...money, items, campaign: campaignOf(sent, context) };
  const event: MappedEvent = {
    id,
    type: step,
    occurred_at: at,
    identifiers,
    properties: withSent(ours, sent, items === undefined ? readOfOrder : readWithItems),
  };
  if (step !== "order.placed") return [event];
  return [event, { ...event, id: eventId(id, "paid"), type: "order.paid", properties: money }];
}

function amountOf(sent: Fields, step: OrderStep): string | undefined {
  const name = isGiven(sent.total) ? "total" : "revenue";
  const value = sent[name];
  if (!isGiven(value)) return undefined;
  const amount = decimalOf(value);
  // Some write what they take away with a minus; that it is taken away, the type says already.
  const takesAway = step === "order.cancelled" || step === "order.refunded";
  if (amount === undefined || (isNegative(amount) && !takesAway)) {
    throw new ElementFault(`properties.${name}: is not an amount`);
  }
  return toContractPlaces(withoutSign(amount));
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

const decimalOf = (value: unknown): string | undefined =>
  typeof value === "number" && Math.abs(value) < almostZero ? "0" : asDecimal(value);

/** Products that say what they are and cost; a product that doesn't say so must not cost the order. */
function itemsOf(sent: Fields): Fields[] | undefined {
  const items = objectsOf(sent.products).flatMap((product) => {
    const name = asText(product.name)?.slice(0, 512);
    const sku = (asText(product.sku) ?? asText(product.product_id) ?? name)?.slice(0, 512);
    const price = decimalOf(product.price);
    const quantity = product.quantity === undefined ? "1" : decimalOf(product.quantity);
    if (sku === undefined || price === undefined || quantity === undefined) return [];
    if (isNegative(price) || isNegative(quantity)) return [];
    const item: Fields = {
      sku,
      quantity: toContractPlaces(withoutSign(quantity)),
      unit_price: toContractPlaces(withoutSign(price)),
    };
    const category = asText(product.category)?.slice(0, 512);
    if (name !== undefined) item.name = name;
    if (category !== undefined) item.category = category;
    return [item];
  });
  return items.length > 0 ? items : undefined;
}
