import { createHash } from "node:crypto";
import { type EventType, eventTypes, type Identifiers } from "@keypulse/contracts";
import type { MappedEvent, Outcome } from "../connector.ts";
import { unknownType } from "../elements.ts";
import { asObject } from "../json.ts";

/** A CloudEvent out of whatever mode it came in. */
export interface CloudEvent {
  attributes: Record<string, unknown>;
  data: unknown;
  /** Why the data could not be read. */
  closed?: string;
}

const required = ["specversion", "id", "source", "type"] as const;
const longestEventId = 256;

/**
 * The event of our vocabulary that a CloudEvent is. Data are `{identifiers, properties, traits}`, or the properties
 * alone, with or without `identifiers` among them.
 */
export function readEvent(event: CloudEvent | string, receivedAt: Date): Outcome {
  if (typeof event === "string") return { fault: event };
  const { attributes, closed } = event;
  for (const name of required) {
    if (typeof attributes[name] !== "string" || attributes[name] === "") return { fault: `${name}: is missing` };
  }
  const [specversion, id, source, type] = required.map((name) => attributes[name]) as [string, string, string, string];
  if (specversion !== "1.0") return { fault: `specversion: must be 1.0, not ${specversion.slice(0, 20)}` };
  if (!(eventTypes as string[]).includes(type)) return unknownType(type);
  if (closed !== undefined) return { fault: closed };
  const data = asObject(event.data);
  const { identifiers, properties, traits, ...rest } = data;
  const mapped: MappedEvent = {
    id: dedupeKey(source, id),
    type: type as EventType,
    occurred_at: timeOf(attributes.time, receivedAt),
    identifiers: asObject(identifiers) as Identifiers,
    properties: properties === undefined ? rest : asObject(properties),
  };
  if (traits !== undefined) mapped.traits = asObject(traits);
  return { events: [mapped] };
}

/** `source` and `id` together tell events apart (CloudEvents 1.0.2, "id"); a bar can be in no URI reference. */
function dedupeKey(source: string, id: string): string {
  const key = `${source}|${id}`;
  return key.length <= longestEventId ? key : createHash("sha256").update(key).digest("hex");
}

/** `time` is optional; whoever leaves it out means now. One that is there and wrong is left for the contract's check. */
const timeOf = (time: unknown, receivedAt: Date): string =>
  typeof time === "string" && time !== "" ? time : receivedAt.toISOString();
