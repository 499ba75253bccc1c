import { type ContractEvent, type EventKind, occurredAtProblem, parseEvent, vocabulary } from "@keypulse/contracts";
import type { createIdentityResolver, EventIdentity } from "@keypulse/identity";
import type { RawMessage, RejectReason } from "../domain/outcome.ts";

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
    const timeProblem = occurredAtProblem(event.occurred_at, occurredAtMs, message.timestampMs);
    if (timeProblem !== undefined) return { reason: "bad_time", detail: timeProblem };
    const identity = resolveIdentity(event.identifiers);
    if (event.type === "group" && identity.clients.length === 0) {
      return { reason: "invalid", detail: "identifiers.account_id: a group event needs the account that it is about" };
    }
    if (event.type === "identify" && identity.person.length === 0) {
      return { reason: "invalid", detail: "identifiers: an identify event needs an identifier of a person" };
    }
    return { event, occurredAtMs, identity };
  };
}
