import { type OrderMessage, statedAmount } from "./message.ts";
import type { Units } from "./money.ts";

const totalIn = (message: OrderMessage): Units | undefined =>
  message.type === "order.placed" || message.type === "order.updated" ? statedAmount(message) : undefined;

/** What the order came to when the message was said: the last total that was said earlier, if any. */
function totalBefore({ occurredAtMs }: OrderMessage, sorted: readonly OrderMessage[]): Units | undefined {
  let total: Units | undefined;
  for (const other of sorted) {
    if (other.occurredAtMs >= occurredAtMs) break;
    total = totalIn(other) ?? total;
  }
  return total;
}

/**
 * A cancellation of less than the order came to then is a part of it that went back.
 * @param sorted messages of the order by time
 * @param total of the order in the end: counts where nothing said one before
 */
export function isWhole(message: OrderMessage, sorted: readonly OrderMessage[], total: Units | undefined): boolean {
  const amount = statedAmount(message);
  const owed = totalBefore(message, sorted) ?? total;
  return amount === undefined || (owed !== undefined && amount >= owed);
}

/**
 * Whether a later total leaves out what was cancelled: then it is an edit of the order, which no longer has that part.
 * @param sorted messages of the order by time
 */
export function isInLaterTotal(message: OrderMessage, sorted: readonly OrderMessage[]): boolean {
  const before = totalBefore(message, sorted);
  const after = sorted
    .filter(({ occurredAtMs }) => occurredAtMs >= message.occurredAtMs)
    .flatMap((other) => totalIn(other) ?? []);
  return before !== undefined && after.some((total) => total <= before - message.amount);
}
