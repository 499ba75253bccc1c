import { createHash } from "node:crypto";
import type { Identifiers, OrderState } from "@keypulse/contracts";
import type { MappedEvent } from "./connector.ts";
import { eventId, present } from "./elements.ts";
import type { Fields } from "./members.ts";

/** What a provider's state means here, what that does to figures, and why it is read so. */
export interface StateMeaning {
  state: OrderState;
  does: "does not count yet" | "counts" | "takes all back" | "never was a sale";
  why?: string;
}

/**
 * How far an order is in each state. Providers give times in whole seconds: of two versions of one second, the one that
 * is further on is the later one.
 */
const progress: Record<OrderState, number> = {
  draft: 0,
  pending: 1,
  failed: 2,
  authorized: 3,
  placed: 4,
  paid: 5,
  fulfilled: 6,
  cancelled: 7,
  refunded: 8,
  deleted: 9,
};

/**
 * A number for versions of exports, whose times say little: more was refunded later than less. It goes before what a
 * webhook says of the same second, for it is from when the file was made.
 * @param refunded the sum so far, a decimal
 */
export function exportVersion(state: OrderState, refunded: string): number {
  const hundredths = Math.min(Math.round(Number(refunded) * 100), 1e13);
  return hundredths * 10 + progress[state];
}

/** States of an order that its client has placed for good. */
const placedStates: ReadonlySet<string> = new Set(["placed", "paid", "fulfilled", "refunded"] satisfies OrderState[]);

/** Whether a version in this state says that the client placed the order. */
export const isPlaced = (state: OrderState): boolean => placedStates.has(state);

/**
 * What a provider says of an order as of a time. The id has the time and a hash of all that is said: a version that is
 * delivered again is the same event, and two versions of one second are two.
 * @param at when the provider made this version
 */
export function orderVersion(
  key: string,
  at: string,
  identifiers: Identifiers,
  said: Fields & { order_id: string; state?: OrderState | undefined },
): MappedEvent {
  const { state } = said;
  const properties = present({ version: state && progress[state], ...said });
  const hash = createHash("sha256")
    .update(JSON.stringify([identifiers, properties]))
    .digest("hex")
    .slice(0, 12);
  return {
    id: eventId(key, `updated-${at}`, ...(state === undefined ? [] : [state]), hash),
    type: "order.updated",
    occurred_at: at,
    identifiers,
    properties,
  };
}

/**
 * The client's act of ordering, once an order: the id is the same whichever delivery shows it first. It says no more than
 * it must, because every version beside it says all.
 */
export function orderPlaced(
  key: string,
  at: string,
  identifiers: Identifiers,
  said: Fields & { order_id: string; amount: string; currency: string },
): MappedEvent {
  return {
    id: eventId(key, "placed"),
    type: "order.placed",
    occurred_at: at,
    identifiers,
    properties: present(said),
  };
}
