import { type ContractEvent, type EventKind, parseEvent, vocabulary } from "@keypulse/contracts";
import type { createIdentityResolver, EventIdentity } from "@keypulse/identity";
import type { RawMessage, RejectReason } from "../domain/outcome.ts";

/** Nothing that this product counts happened before; senders that lost their clock say 1970. */
const earliestMs = Date.UTC(1990, 0, 1);
/** Clocks of senders may run ahead of Kafka's by this much. */
const aheadMs = 24 * 3_600_000;

export type Validated =
  | { event: ContractEvent; occurredAtMs: number; identity: EventIdentity }
  | { reason: RejectReason; detail: string };

/** Checks a decoded value against the contract and works out whose it is. A pure function of the message. */
export function createValidateEvent(resolveIdentity: ReturnType<typeof createIdentityResolver>) {
  return function validateEvent(value: unknown, message: RawMessage, topicKind: EventKind): Validated {
    const parsed = parseEvent(value);
    if ("problem" in parsed) return parsed.problem;
    const { event } = parsed;
    const { kind } = vocabulary[event.type];
    if (kind !== topicKind && kind !== "identity") {
      return { reason: "wrong_topic", detail: `type: ${event.type} belongs on the topic of ${kind} events` };
    }
    const occurredAtMs = Date.parse(event.occurred_at);
    if (!(occurredAtMs >= earliestMs)) {
      return { reason: "bad_time", detail: `occurred_at: ${event.occurred_at.slice(0, 40)} is before 1990` };
    }
    if (occurredAtMs > message.timestampMs + aheadMs) {
      return {
        reason: "bad_time",
        detail: `occurred_at: ${event.occurred_at.slice(0, 40)} is more than a day after it arrived (${new Date(message.timestampMs).toISOString()})`,
      };
    }
    const identity = resolveIdentity(event.identifiers);
    if (event.type === "group" && identity.account === undefined) {
      return { reason: "invalid", detail: "identifiers.account_id: a group event needs the account that it is about" };
    }
    if (event.type === "identify" && identity.person.length === 0) {
      return { reason: "invalid", detail: "identifiers: an identify event needs an identifier of a person" };
    }
    return { event, occurredAtMs, identity };
  };
}
