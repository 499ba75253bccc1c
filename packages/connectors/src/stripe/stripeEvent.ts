import type { EventType, Identifiers } from "@keypulse/contracts";
import type { MappedEvent } from "../connector.ts";
import { eventId, present } from "../elements.ts";
import type { Fields } from "../members.ts";

/** One event of Stripe, opened. */
export interface StripeEvent {
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
