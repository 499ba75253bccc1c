import { type EventType, eventTypes, type Identifiers } from "@keypulse/contracts";
import type { MappedEvent, ParsedElement } from "./connector.ts";
import { asObject, asText } from "./json.ts";

/** Members that a sender's envelope may carry outside the body. */
export interface Envelope {
  id?: string | undefined;
  type?: string | undefined;
  time?: string | undefined;
}

/**
 * Reads an event in our own words: the contract's JSON (`type`, `id`, `occurred_at`, `identifiers`, `properties`), or
 * an envelope `{type, timestamp, data}` whose data hold identifiers and properties. What the body doesn't say is taken
 * from the sender's envelope. Whether the event keeps the contract is checked later, for all connectors alike.
 */
export function takeContractEvent(value: unknown, raw: Buffer, envelope: Envelope): ParsedElement {
  const body = asObject(value);
  const inner = "data" in body ? { ...body, ...asObject(body.data) } : body;
  const type = asText(body.type) ?? envelope.type;
  if (type === undefined) return { raw, fault: "type: is missing" };
  if (!(eventTypes as string[]).includes(type)) {
    return { raw, unused: "unknown_type", detail: `the type "${type.slice(0, 80)}" is not in the vocabulary` };
  }
  const id = asText(body.id) ?? envelope.id;
  if (id === undefined) return { raw, fault: "id: is missing; without it a retry can't be told from a new event" };
  const event: MappedEvent = {
    id,
    type: type as EventType,
    occurred_at: asText(body.occurred_at) ?? asText(body.timestamp) ?? envelope.time ?? "",
    identifiers: asObject(inner.identifiers) as Identifiers,
    properties: asObject(inner.properties),
  };
  if (inner.traits !== undefined) event.traits = asObject(inner.traits);
  return { raw, events: [event] };
}
