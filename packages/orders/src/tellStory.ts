import type { OrderDocument } from "./document.ts";
import { foldOrder, inOrder } from "./foldOrder.ts";
import { judgeSale, type Sale } from "./judgeSale.ts";
import type { OrderMessage } from "./message.ts";
import { decimalOf, type Units } from "./money.ts";
import type { SaleRules } from "./rules.ts";

/** One message of an order, and the revenue that the order came to with it. */
export interface StoryStep {
  atMs: number;
  eventId: string;
  type: OrderMessage["type"];
  /** What it says, in words. */
  says: string;
  net: Units;
}

/** Of an order with more messages the first and the last ones are told: each step folds all before it. */
const toldAtBeginning = 100;
const toldAtEnd = 20;

/**
 * How an order came about, message by message.
 * @param document what all of them say together
 * @param sale what that does
 * @param whole of which the order is a part, where that is known
 */
export function tellStory(
  messages: readonly OrderMessage[],
  document: OrderDocument,
  sale: Sale,
  rules: SaleRules,
  whole: OrderDocument | undefined,
): StoryStep[] {
  const sorted = inOrder(messages);
  return sorted.flatMap((message, index) => {
    if (index >= toldAtBeginning && index < sorted.length - toldAtEnd) return [];
    // A bill that a payment was tied to counts in it from the beginning.
    const until = () => ({ ...foldOrder(sorted.slice(0, index + 1)), partOf: document.partOf });
    const { movements } = index === sorted.length - 1 ? sale : judgeSale(until(), rules, whole);
    const net = movements.reduce((sum, { gross, returned }) => sum + gross - returned, 0n);
    return [
      { atMs: message.occurredAtMs, eventId: message.eventId, type: message.type, says: sayMessage(message), net },
    ];
  });
}

function sayMessage({ type, amount, currency, items, more }: OrderMessage): string {
  const money =
    amount === 0n && more.amount === undefined && type !== "order.placed" ? "" : `${plain(amount)} ${currency}`;
  const parts = [
    more.refund_id ?? more.dispute_id ?? more.credit_id ?? more.payment_id ?? "",
    more.state ?? "",
    money.trim(),
    items.length > 0 ? `${items.length} ${items.length === 1 ? "line" : "lines"}` : "",
    more.refunded === undefined ? "" : `${plain(more.refunded)} refunded so far`,
    more.refunds === undefined || more.refunds.length === 0
      ? ""
      : `refunds ${more.refunds.map(({ refund_id }) => refund_id).join(", ")}`,
    more.test === true ? "a test" : "",
    more.part_of === undefined ? "" : `part of ${more.part_of}`,
  ];
  return parts
    .filter((part) => part !== "")
    .join(", ")
    .slice(0, 500);
}

/** With the places that it needs, two at least. */
const plain = (amount: Units): string => decimalOf(amount).replace(/(\.\d\d)0{1,2}$/, "$1");
