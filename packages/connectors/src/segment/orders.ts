import {
  addDecimals,
  asDecimal,
  isNegative,
  multiplyDecimals,
  subtractDecimals,
  toContractPlaces,
  withoutSign,
} from "../amounts.ts";
import type { MappedEvent } from "../connector.ts";
import { eventId, present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, objectsOf } from "../members.ts";
import { orderVersion } from "../orderVersions.ts";
import type { SegmentMessage } from "./message.ts";
import { campaignOf } from "./page.ts";
import { orderNames, withSent } from "./sentProperties.ts";

export type OrderStep = "completed" | "updated" | "cancelled" | "refunded" | "shipped";

const readOfOrder: ReadonlySet<string> = new Set(["currency", "orderId", "tax", "shipping", "discount"]);
const readWithItems: ReadonlySet<string> = new Set([...readOfOrder, "products"]);

/** Sums of floats that ought to be zero print with an exponent. */
const almostZero = 1e-6;

/** The order's number; some libraries and plugins write it in camel case. */
export const orderIdOf = (sent: Fields): string | undefined => asText(sent.order_id) ?? asText(sent.orderId);

/**
 * The events of one step of an order. Its worth is the `total`, else the `revenue`, which leaves out tax and shipping;
 * a refund's `total` is what went back, even where its products are the whole order's. What is completed is paid.
 * Source: Segment specification, e-commerce, version 2.
 */
export function orderEvents(message: SegmentMessage, step: OrderStep): MappedEvent[] {
  const sent = asObject(message.fields.properties);
  const orderId = orderIdOf(sent);
  if (orderId === undefined) throw new ElementFault("properties.order_id: is missing");
  const products = step === "refunded" ? returnedOf(productsOf(sent)) : productsOf(sent);
  const items = products.length > 0 ? products.map(({ total: _, ...item }) => item) : undefined;
  const amount = amountOf(sent, step);
  const currency = amount && currencyOf(sent, message);
  const about = { order_id: orderId };
  const ours = { ...about, amount, currency, items, campaign: campaignOf(sent, message.context) };
  switch (step) {
    case "completed":
      return completed(message, ours);
    case "updated":
      return [
        orderVersion(`order ${orderId}`, message.at, message.identifiers, { ...about, ...statement(ours, sent) }),
      ];
    case "cancelled": {
      // The specification knows the cancellation of a whole order alone, and sends the order's total with it.
      const { amount: _, currency: __, ...whole } = ours;
      return [one(message, "order.cancelled", whole)];
    }
    case "refunded": {
      const back = amount ?? (isPriced(sent, products) ? sumOf(products) : undefined);
      if (back === undefined) return [refundedWhole(message, orderId)];
      const refund_id = asText(sent.refund_id);
      return [
        one(message, "order.refunded", { ...ours, amount: back, currency: currencyOf(sent, message), refund_id }),
      ];
    }
    case "shipped":
      return [one(message, "order.shipped", ours)];
  }
}

function one(message: SegmentMessage, type: MappedEvent["type"], ours: Fields): MappedEvent {
  const { id, at: occurred_at, identifiers } = message;
  const sent = asObject(message.fields.properties);
  const properties = withSent(ours, sent, ours.items === undefined ? readOfOrder : readWithItems, orderNames);
  return { id, type, occurred_at, identifiers, properties };
}

/**
 * A page of thanks that is loaded again completes the order again, as another message with another id. So the order is
 * placed by an id that is made of its number, once, and only then paid: a reload after it was cancelled doesn't revive it.
 * What a later message says of it otherwise is told beside it.
 */
function completed(message: SegmentMessage, ours: Fields & { order_id: string }): MappedEvent[] {
  if (ours.amount === undefined) throw new ElementFault("properties.total: is missing, and so is revenue");
  const sent = asObject(message.fields.properties);
  const key = `order ${ours.order_id}`;
  const said = { order_id: ours.order_id, ...statement(ours, sent) };
  // By it the sender finds its message again, whose id is not the event's.
  const message_id = message.id;
  return [
    { ...one(message, "order.placed", { ...ours, ...said, state: "paid", message_id }), id: eventId(key, "placed") },
    orderVersion(key, message.at, message.identifiers, said),
  ];
}

/** What a message says of the order as a whole. */
function statement(ours: Fields, sent: Fields): Fields {
  const { amount, currency, items } = ours;
  const [tax, shipping, discount] = [sent.tax, sent.shipping, sent.discount].map(partOf);
  return present({ amount, currency, items, tax, shipping, discount });
}

/** A refund that says the order's number alone is of all that is left of it. */
function refundedWhole({ id, at, identifiers }: SegmentMessage, orderId: string): MappedEvent {
  const version = orderVersion(`order ${orderId}`, at, identifiers, { order_id: orderId, state: "refunded" as const });
  return { ...version, id };
}

const currencyOf = (sent: Fields, { settings }: SegmentMessage): string =>
  asText(sent.currency)?.trim().toUpperCase() ?? settings.currency;

function amountOf(sent: Fields, step: OrderStep): string | undefined {
  const name = isGiven(sent.total) ? "total" : "revenue";
  const value = sent[name];
  if (!isGiven(value)) return undefined;
  const amount = decimalOf(value);
  // Some write what they take away with a minus; that it is taken away, the type says already.
  const takesAway = step === "cancelled" || step === "refunded";
  if (amount === undefined || (isNegative(amount) && !takesAway)) {
    throw new ElementFault(`properties.${name}: is not an amount`);
  }
  return toContractPlaces(withoutSign(amount));
}

function partOf(value: unknown): string | undefined {
  const amount = isGiven(value) ? decimalOf(value) : undefined;
  return amount === undefined || isNegative(amount) ? undefined : toContractPlaces(withoutSign(amount));
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

const decimalOf = (value: unknown): string | undefined =>
  typeof value === "number" && Math.abs(value) < almostZero ? "0" : asDecimal(value);

interface Product {
  sku: string;
  name?: string;
  category?: string;
  quantity: string;
  unit_price: string;
  total: string;
}

/** Products that say what they are and cost; a product that doesn't say so must not cost the order. */
function productsOf(sent: Fields): Product[] {
  return objectsOf(sent.products).flatMap((product) => {
    const name = asText(product.name)?.slice(0, 512);
    const sku = (asText(product.sku) ?? asText(product.sky) ?? asText(product.product_id) ?? name)?.slice(0, 512);
    const price = decimalOf(product.price);
    const quantity = product.quantity === undefined ? "1" : decimalOf(product.quantity);
    if (sku === undefined || price === undefined || quantity === undefined) return [];
    const category = asText(product.category)?.slice(0, 512);
    const [pieces, each] = [toContractPlaces(quantity), toContractPlaces(price)];
    return [
      {
        sku,
        quantity: pieces,
        unit_price: each,
        ...(name !== undefined && { name }),
        ...(category !== undefined && { category }),
        total: multiplyDecimals(pieces, each),
      },
    ];
  });
}

/** Some write pieces that come back with a minus; that they come back, the type says already. */
const returnedOf = (products: Product[]): Product[] =>
  products.every(({ quantity }) => isNegative(quantity))
    ? products.map((product) => ({
        ...product,
        quantity: withoutSign(product.quantity),
        total: subtractDecimals("0", product.total),
      }))
    : products;

/** Whether all that came back says what it cost. */
const isPriced = (sent: Fields, products: Product[]): boolean =>
  products.length > 0 && products.length === objectsOf(sent.products).length;

const sumOf = (products: Product[]): string =>
  toContractPlaces(withoutSign(addDecimals("0.00", ...products.map(({ total }) => total))));
