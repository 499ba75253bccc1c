import { z } from "zod";
import { currencySchema, decimalSchema, signedDecimalSchema } from "./money.ts";

const shortText = z.string().max(512, "must have at most 512 characters");
const id = shortText.min(1, "must not be empty");
const instant = z.iso.datetime({
  offset: true,
  error: "must be an ISO 8601 time with zone, such as 2026-01-31T09:30:00Z",
});

/**
 * What an order can be, in words of ours; a connector says which of its provider's states is which.
 * `draft` and `pending` are no order yet, `authorized` is reserved but not taken money, `placed` is firm, `failed` and
 * `deleted` never were one, `cancelled` and `refunded` take all back on their day.
 */
export const orderStates = [
  "draft",
  "pending",
  "authorized",
  "placed",
  "paid",
  "fulfilled",
  "cancelled",
  "refunded",
  "failed",
  "deleted",
] as const;
export type OrderState = (typeof orderStates)[number];

/** A line of an order; pieces that came back and discounts are negative. */
export const orderItemSchema = z.looseObject({
  sku: shortText,
  name: shortText.optional(),
  category: shortText.optional(),
  quantity: signedDecimalSchema,
  unit_price: signedDecimalSchema,
});
const items = z.array(orderItemSchema).max(5000, "an order has at most 5000 items");

/** `failed` and `cancelled` refunds count nothing, `pending` ones not yet. */
export const refundStates = ["pending", "succeeded", "failed", "cancelled"] as const;
export type RefundState = (typeof refundStates)[number];

/** A refund as a full snapshot of an order lists it. */
export const listedRefundSchema = z.looseObject({
  refund_id: id,
  amount: decimalSchema,
  at: instant,
  state: z.enum(refundStates).optional(),
  items: items.optional(),
});

/** Which order a message is about, and what ties it to others. */
const aboutOrder = {
  order_id: id,
  /** The order or invoice of the same source that this payment belongs to: the sale is counted there. */
  part_of: id.optional(),
  /**
   * The payer's account at the provider, where the provider does not say which bill a payment is for: a payment and a
   * bill of one payer, source, amount and currency within ten minutes are one debt.
   */
  payer: id.optional(),
  /** The sender's version number; decides between messages of the same time. */
  version: z.number().int().min(0).optional(),
};

/** What a sender may say of an order. What a message leaves out stays as an earlier one said it. */
const statement = {
  ...aboutOrder,
  state: z.enum(orderStates).optional(),
  placed_at: instant.optional(),
  paid_at: instant.optional(),
  fulfilled_at: instant.optional(),
  cancelled_at: instant.optional(),
  /** Parts of `amount`, which has them in it. */
  tax: decimalSchema.optional(),
  shipping: decimalSchema.optional(),
  /** Already taken off `amount`. */
  discount: decimalSchema.optional(),
  items: items.optional(),
  /** Gift cards sold and deposits taken, part of `amount`: owed until they are used, no revenue. */
  liabilities: items.optional(),
  /** Refunds so far, each by its id. */
  refunds: z.array(listedRefundSchema).max(1000, "an order lists at most 1000 refunds").optional(),
  /** Sum of all refunds so far, from senders that don't list them. */
  refunded: decimalSchema.optional(),
  /** An order that somebody placed to try the shop. */
  test: z.boolean().optional(),
  /** Whether it is a bill of a subscription. */
  subscription: z.boolean().optional(),
};

export const orderPlacedProperties = z.looseObject({ ...statement, amount: decimalSchema, currency: currencySchema });
export const orderUpdatedProperties = z.looseObject({
  ...statement,
  amount: decimalSchema.optional(),
  currency: currencySchema.optional(),
});
export const orderStepProperties = z.looseObject({
  ...aboutOrder,
  amount: decimalSchema.optional(),
  currency: currencySchema.optional(),
  payment_id: id.optional(),
  subscription: z.boolean().optional(),
  test: z.boolean().optional(),
});
export const orderCancelledProperties = z.looseObject({
  ...aboutOrder,
  /** What is cancelled; the whole order where it is left out. */
  amount: decimalSchema.optional(),
  currency: currencySchema.optional(),
  items: items.optional(),
  /** Tells two partial cancellations apart; the event's id where it is left out. */
  refund_id: id.optional(),
});
export const orderRefundedProperties = z.looseObject({
  ...aboutOrder,
  amount: decimalSchema,
  /** The order's, where it is left out. */
  currency: currencySchema.optional(),
  items: items.optional(),
  /** The refund's own id: told again with it, it counts once. The event's id where it is left out. */
  refund_id: id.optional(),
  state: z.enum(refundStates).optional(),
});
export const refundFailedProperties = z.looseObject({ ...aboutOrder, refund_id: id });
export const disputeProperties = z.looseObject({
  ...aboutOrder,
  dispute_id: id,
  amount: decimalSchema,
  currency: currencySchema.optional(),
  state: z.enum(["open", "lost", "won"]),
});
export const invoiceProperties = z.looseObject({
  invoice_id: id,
  /** The order that is billed; without it the invoice is a debt of its own. */
  order_id: shortText.optional(),
  payer: id.optional(),
  amount: decimalSchema,
  currency: currencySchema,
  due_at: instant.optional(),
  /** Tells several payments of one invoice apart; without it the invoice is paid in full. */
  payment_id: id.optional(),
  /** Tells several credit notes of one invoice apart; the event's id where it is left out. */
  credit_id: id.optional(),
});

/** What a company's event keeps when its person was erased: the business, nothing that could name anybody. */
export const businessProperties = [
  ...["order_id", "part_of", "version", "state", "placed_at", "paid_at", "fulfilled_at", "cancelled_at"],
  ...["amount", "currency", "items", "tax", "shipping", "discount", "liabilities", "refunds", "refunded", "test"],
  ...["subscription", "payment_id", "refund_id", "dispute_id", "invoice_id", "due_at", "credit_id"],
  ...["duration_seconds", "direction"],
] as const;
