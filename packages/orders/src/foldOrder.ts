import type { OrderState } from "@keypulse/contracts";
import { isWhole } from "./cancellations.ts";
import type { OrderDocument } from "./document.ts";
import { foldBills, sumBills } from "./foldBills.ts";
import { foldReturns } from "./foldReturns.ts";
import { isOrderState, type Line, type MessageDetails, nobody, type OrderMessage, statedAmount } from "./message.ts";
import type { Units } from "./money.ts";
import { stateEffects } from "./rules.ts";

/**
 * The document that a set of messages says. Messages are laid over each other in the order of their own times, field by
 * field: the latest one that says something of a field counts, what it leaves out stays. So neither the order in which
 * they came nor how often one came matters.
 *
 * @param messages of one order, at least one
 */
export function foldOrder(messages: readonly OrderMessage[]): OrderDocument {
  const sorted = inOrder(messages);
  const statements = sorted.filter(isStatement);
  const latest = <T>(read: (message: OrderMessage) => T | undefined): T | undefined => {
    for (let at = statements.length - 1; at >= 0; at--) {
      const value = read(statements[at]!);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const detail = <N extends keyof MessageDetails>(name: N): MessageDetails[N] => latest(({ more }) => more[name]);

  const amount = latest(statedAmount) ?? paidInAll(sorted);
  const states = statesOf(sorted, amount);
  const state = states.at(-1)?.state;
  const first = sorted[0]!;
  const paidAtMs = detail("paid_at") ?? firstOf(sorted, "order.paid") ?? firstState(states, "paid");
  const fulfilledAtMs = detail("fulfilled_at") ?? firstOf(sorted, "order.shipped") ?? firstState(states, "fulfilled");
  const placedAtMs =
    detail("placed_at") ??
    firstOf(sorted, "order.placed") ??
    statements[0]?.occurredAtMs ??
    firstOf(sorted, "order.paid") ??
    first.occurredAtMs;
  const returns = foldReturns(sorted, amount);
  const currency =
    latest((message) => message.currency || undefined) ?? sorted.find((message) => message.currency)?.currency ?? "";
  const bills = foldBills(sorted, {
    orderId: first.orderId,
    amount: amount ?? 0n,
    currency,
    placedAtMs,
    paidAtMs,
    isPlaced: sorted.some(({ type }) => type === "order.placed" || type === "order.updated"),
  });
  const hasEnded = state === "cancelled" || state === "refunded";
  return {
    source: first.source,
    orderId: first.orderId,
    state: state ?? "unknown",
    ...ownerOf(sorted),
    currency,
    amount,
    tax: detail("tax") ?? 0n,
    shipping: detail("shipping") ?? 0n,
    discount: detail("discount"),
    liabilities: detail("liabilities") ?? [],
    lines: latest(statedLines) ?? [],
    returns: returns.made.map((made) => ({ ...made, currency: made.currency || currency })),
    refundsPending: returns.pending,
    bills,
    billed: amount === undefined ? sumBills(sorted, bills) : undefined,
    placedAtMs,
    paidAtMs,
    fulfilledAtMs,
    endedAtMs: hasEnded
      ? ((state === "cancelled" ? detail("cancelled_at") : undefined) ?? sinceWhen(states))
      : undefined,
    states: new Set(states.map((said) => said.state)),
    test: sorted.some(({ more }) => more.test === true),
    subscription: sorted.some(({ more }) => more.subscription === true),
    partOf: lastOf(sorted, ({ more }) => more.part_of) ?? "",
    payer: lastOf(sorted, ({ more }) => more.payer) ?? "",
    messages: sorted.length,
    firstAtMs: first.occurredAtMs,
    lastAtMs: sorted.at(-1)!.occurredAtMs,
  };
}

/** Among messages of one time, a full snapshot knows more than the step that it tells of. */
const ranks: Partial<Record<OrderMessage["type"], number>> = {
  "order.placed": 0,
  "order.paid": 1,
  "order.shipped": 2,
  "order.updated": 3,
  "order.cancelled": 4,
  "order.refunded": 5,
  "refund.failed": 6,
};

/** Messages in the order in which they count, each once. */
export function inOrder(messages: readonly OrderMessage[]): OrderMessage[] {
  const byId = new Map(messages.map((message) => [message.eventId, message]));
  return [...byId.values()].sort(
    (one, other) =>
      one.occurredAtMs - other.occurredAtMs ||
      (one.more.version ?? 0) - (other.more.version ?? 0) ||
      (ranks[one.type] ?? 0) - (ranks[other.type] ?? 0) ||
      (one.eventId < other.eventId ? -1 : 1),
  );
}

const isStatement = ({ type }: OrderMessage): boolean => type === "order.placed" || type === "order.updated";

const statedLines = ({ items, more }: OrderMessage): readonly Line[] | undefined =>
  items.length > 0 ? items : more.items;

/** What was paid for an order of which nothing else is known, each payment once; undefined where nothing was. */
function paidInAll(sorted: readonly OrderMessage[]): Units | undefined {
  const payments = new Map<string, Units>();
  for (const { type, amount, more } of sorted) {
    if (type === "order.paid" && amount !== 0n) payments.set(more.payment_id ?? "", amount);
  }
  return payments.size === 0 ? undefined : [...payments.values()].reduce((sum, amount) => sum + amount, 0n);
}

interface SaidState {
  state: OrderState;
  atMs: number;
}

/** An order is placed at its beginning: told again after its end (a page of thanks that is loaded again) it is no revival. */
function statesOf(sorted: readonly OrderMessage[], amount: Units | undefined): SaidState[] {
  const said: SaidState[] = [];
  for (const message of sorted) {
    const state = stateIn(message, sorted, amount);
    if (state === undefined) continue;
    const last = said.at(-1)?.state;
    // A payment that failed is tried again: that is no end.
    const hasEnded =
      last !== undefined && last !== "failed" && ["gives back", "never was"].includes(stateEffects[last]);
    // Put before the end, so that it counts among the states that the order had.
    if (message.type === "order.placed" && hasEnded) said.unshift({ state, atMs: message.occurredAtMs });
    else said.push({ state, atMs: message.occurredAtMs });
  }
  return said;
}

function stateIn(
  message: OrderMessage,
  sorted: readonly OrderMessage[],
  total: Units | undefined,
): OrderState | undefined {
  const { type, more } = message;
  switch (type) {
    case "order.placed":
      return isOrderState(more.state) ? more.state : "placed";
    case "order.updated":
      return isOrderState(more.state) ? more.state : undefined;
    case "order.paid":
      return "paid";
    case "order.shipped":
      return "fulfilled";
    case "order.cancelled":
      return isWhole(message, sorted, total) ? "cancelled" : undefined;
    default:
      return undefined;
  }
}

const firstState = (states: readonly SaidState[], wanted: OrderState): number | undefined =>
  states.find(({ state }) => state === wanted)?.atMs;

/** Since when the last state holds without a break. */
function sinceWhen(states: readonly SaidState[]): number {
  const last = states.at(-1)!;
  let since = last.atMs;
  for (let at = states.length - 1; at >= 0 && states[at]!.state === last.state; at--) since = states[at]!.atMs;
  return since;
}

const firstOf = (sorted: readonly OrderMessage[], type: OrderMessage["type"]): number | undefined =>
  sorted.find((message) => message.type === type)?.occurredAtMs;

function lastOf<T>(sorted: readonly OrderMessage[], read: (message: OrderMessage) => T | undefined): T | undefined {
  for (let at = sorted.length - 1; at >= 0; at--) {
    const value = read(sorted[at]!);
    if (value !== undefined) return value;
  }
  return undefined;
}

/**
 * Whose order it is: an account before a person, what the order itself says before what is said of its payment, the
 * latest word first.
 */
function ownerOf(sorted: readonly OrderMessage[]): { clientKey: string; contactKey: string } {
  let best: OrderMessage | undefined;
  let bestRank = -1;
  for (const message of sorted) {
    if (message.clientKey === nobody) continue;
    const rank = (message.clientKey !== message.contactKey ? 2 : 0) + (isStatement(message) ? 1 : 0);
    if (rank >= bestRank) [best, bestRank] = [message, rank];
  }
  const contact = lastOf(sorted, ({ contactKey }) => (contactKey === nobody ? undefined : contactKey));
  return { clientKey: best?.clientKey ?? nobody, contactKey: contact ?? nobody };
}
