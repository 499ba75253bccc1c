import type { EventType, Identifiers } from "@keypulse/contracts";
import type { MappedEvent } from "../connector.ts";
import { eventId, present } from "../elements.ts";
import type { Fields } from "../members.ts";
import { isPlaced, orderPlaced, orderVersion } from "../orderVersions.ts";

/** One event of Stripe, opened. */
export interface StripeEvent {
  id: string;
  type: string;
  /** When it happened, ISO 8601, and the same in Unix seconds. */
  created: string;
  createdSeconds: number;
  /** The snapshot in `data`. */
  object: Fields;
  /** What the snapshot's members were before, of those that changed. */
  previous: Fields;
}

/** An event whose id is made of the object and the step, because two events of Stripe may tell of one change. */
export function step(
  key: string,
  name: string,
  type: EventType,
  at: string,
  identifiers: Identifiers,
  properties: Fields,
): MappedEvent {
  return { id: eventId(key, name), type, occurred_at: at, identifiers, properties: present(properties) };
}

/**
 * What Stripe says of a sale as of an event, and the client's act where it is one. A payment that is part of a bill is
 * no act of its own. The keys of sales are ids of Stripe's, unique over all of it.
 */
export function saleEvents(at: string, who: Identifiers, said: Parameters<typeof orderVersion>[3]): MappedEvent[] {
  const { order_id, part_of, amount, currency, state, payer } = said;
  const version = orderVersion(order_id, at, who, said);
  const isAct = state !== undefined && isPlaced(state) && part_of === undefined;
  if (!isAct || typeof amount !== "string" || typeof currency !== "string") return [version];
  return [orderPlaced(order_id, at, who, { order_id, amount, currency, payer }), version];
}
