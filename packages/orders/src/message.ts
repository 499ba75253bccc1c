import { type EventType, listedRefundSchema, orderItemSchema, orderStates, refundStates } from "@keypulse/contracts";
import { z } from "zod";
import { type Units, unitsOf } from "./money.ts";

/** Nobody's key. */
export const nobody = "00000000-0000-0000-0000-000000000000";

/** A line of an order or of what came back of it. */
export interface Line {
  sku: string;
  name: string;
  category: string;
  quantity: Units;
  unitPrice: Units;
}

/** One stored message about an order, as table order_messages has it. */
export interface OrderMessage {
  source: string;
  orderId: string;
  eventId: string;
  type: EventType;
  occurredAtMs: number;
  clientKey: string;
  contactKey: string;
  amount: Units;
  currency: string;
  items: readonly Line[];
  /** What has no column of its own; absent where the message has none. */
  more: MessageDetails;
}

const instant = z.string().transform((text) => Date.parse(text));
const decimal = z.union([z.string(), z.number()]).transform((value) => unitsOf(String(value)));
const lines = z.array(orderItemSchema).transform((items) => items.map(lineOf));

/** Properties of an order's messages that are kept as JSON. All were checked by the contract when they came. */
const detailsSchema = z.object({
  /** Present only where the amount was given as zero: the column has 0 for "not said", too. */
  amount: decimal.optional(),
  /** Present only where an empty list was given: the column is empty for "not said", too. */
  items: lines.optional(),
  part_of: z.string().optional(),
  payer: z.string().optional(),
  version: z.number().optional(),
  // One member, for a dispute's states are others than an order's; each type reads its own.
  state: z.string().optional(),
  placed_at: instant.optional(),
  paid_at: instant.optional(),
  fulfilled_at: instant.optional(),
  cancelled_at: instant.optional(),
  tax: decimal.optional(),
  shipping: decimal.optional(),
  discount: decimal.optional(),
  liabilities: lines.optional(),
  refunds: z
    .array(
      listedRefundSchema.transform(({ items, amount, at, ...refund }) => ({
        ...refund,
        amount: unitsOf(amount),
        atMs: Date.parse(at),
        items: (items ?? []).map(lineOf),
      })),
    )
    .optional(),
  refunded: decimal.optional(),
  test: z.boolean().optional(),
  subscription: z.boolean().optional(),
  payment_id: z.string().optional(),
  refund_id: z.string().optional(),
  dispute_id: z.string().optional(),
  invoice_id: z.string().optional(),
  credit_id: z.string().optional(),
  due_at: instant.optional(),
});
export type MessageDetails = z.infer<typeof detailsSchema>;

const nothing: MessageDetails = {};

/**
 * @param json the column `properties`. A member that can't be read (a store older than the contract may hold any) is
 *   left out; the others are read.
 */
export function readDetails(json: string): MessageDetails {
  if (json === "") return nothing;
  const value: unknown = JSON.parse(json);
  const whole = detailsSchema.safeParse(value);
  if (whole.success) return whole.data;
  const bad = new Set(whole.error.issues.map(({ path }) => String(path[0])));
  const rest = Object.fromEntries(Object.entries(value as object).filter(([name]) => !bad.has(name)));
  const again = detailsSchema.safeParse(rest);
  return again.success ? again.data : nothing;
}

export const isOrderState = (text: string | undefined): text is (typeof orderStates)[number] =>
  (orderStates as readonly (string | undefined)[]).includes(text);
export const isRefundState = (text: string | undefined): text is (typeof refundStates)[number] =>
  (refundStates as readonly (string | undefined)[]).includes(text);

function lineOf(item: z.infer<typeof orderItemSchema>): Line {
  return {
    sku: item.sku,
    name: item.name ?? "",
    category: item.category ?? "",
    quantity: unitsOf(item.quantity),
    unitPrice: unitsOf(item.unit_price),
  };
}

/** The column holds 0 where a message says nothing; a zero that was said is kept beside it. */
export const statedAmount = ({ amount, more, type }: OrderMessage): Units | undefined =>
  amount !== 0n || type === "order.placed" ? amount : more.amount;
