import type { MappedEvent, ParsedElement, ProviderRequest } from "@keypulse/connectors";
import {
  type ContractEvent,
  type EventKind,
  identifierKinds,
  parseEvent,
  type RefusedReason,
  refusedHeaders,
  type Topics,
  vocabulary,
} from "@keypulse/contracts";
import { cloudEventHeaders } from "@keypulse/engines";
import { hashSecret } from "./secrets.ts";
import type { Source } from "./source.ts";
import { deviationsOf } from "./trackingPlan.ts";

export interface KafkaMessage {
  topic: string;
  key: string;
  value: string | Buffer;
  headers: Record<string, string>;
}

export interface Mapped {
  messages: KafkaMessage[];
  /** How many events, and how many elements that can't be used, by reason. */
  events: number;
  refused: Partial<Record<RefusedReason, number>>;
}

export interface MappingContext {
  source: Source;
  topics: Topics;
  /** Topic of identity events and of what can't be used. */
  kind: EventKind;
  receivedAt: Date;
  /** The request that brought it, where the connector reads more than the body. */
  request?: Pick<ProviderRequest, "method" | "url" | "headers">;
}

/**
 * Turns what a connector made of a request into Kafka messages: events that keep the contract and the source's plan,
 * and the original bytes of everything else, with the reason. Nothing is dropped.
 */
export function toMessages(elements: readonly ParsedElement[], context: MappingContext): Mapped {
  const mapped: Mapped = { messages: [], events: 0, refused: {} };
  const refuse = (raw: Buffer, reason: RefusedReason, detail: string) => {
    mapped.messages.push(refusedMessage(raw, reason, detail, context));
    mapped.refused[reason] = (mapped.refused[reason] ?? 0) + 1;
  };
  for (const element of elements) {
    if (context.source.state === "paused")
      refuse(element.raw, "paused", "the source is paused; replay it when it goes on");
    else if ("fault" in element) refuse(element.raw, "malformed", element.fault);
    else if ("unused" in element) refuse(element.raw, element.unused, element.detail);
    else {
      const checked = element.events.map((event) => checkEvent(event, context.source));
      const problem = checked.find((result) => "reason" in result);
      // An element is taken or refused as a whole, so that its bytes can be replayed as a whole.
      if (problem !== undefined && "reason" in problem) refuse(element.raw, problem.reason, problem.detail);
      else {
        const written = writeEvents(
          checked.flatMap((result) => ("event" in result ? [result.event] : [])),
          context,
        );
        if (written === undefined) refuse(element.raw, "malformed", "it is nested too deep to be written");
        else {
          mapped.messages.push(...written);
          mapped.events += written.length;
        }
      }
    }
  }
  return mapped;
}

function checkEvent(
  mapped: MappedEvent,
  source: Source,
): { event: ContractEvent } | { reason: RefusedReason; detail: string } {
  const parsed = parseEvent({ ...mapped, source: source.id });
  if ("problem" in parsed) return { reason: "invalid", detail: parsed.problem.detail };
  const deviations = source.plan === undefined ? [] : deviationsOf(parsed.event, source.plan);
  if (deviations.length === 0) return parsed;
  if (source.plan?.mode === "refuse") return { reason: "off_plan", detail: deviations.join("; ").slice(0, 2_000) };
  const { event } = parsed;
  return { event: { ...event, properties: { ...event.properties, plan_deviations: deviations } } };
}

/** @returns undefined where one is nested so deep (some thousand objects) that JavaScript can't write it as JSON */
function writeEvents(events: readonly ContractEvent[], context: MappingContext): KafkaMessage[] | undefined {
  try {
    return events.map((event) => eventMessage(event, context));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function eventMessage(event: ContractEvent, { topics, kind, source }: MappingContext): KafkaMessage {
  const own = vocabulary[event.type].kind;
  return {
    topic: topics.events[own === "identity" ? kind : own],
    key: keyOf(event) ?? `${source.id}:${event.id}`,
    value: JSON.stringify(event),
    headers: cloudEventHeaders({ id: event.id, source: event.source, type: event.type }),
  };
}

/** The strongest identifier: events of one sender stay in one partition, in their order. */
function keyOf({ identifiers }: ContractEvent): string | undefined {
  for (const kind of identifierKinds) {
    const value = identifiers[kind];
    if (value !== undefined && value !== "") return `${kind}:${value.trim().toLowerCase().slice(0, 200)}`;
  }
  return undefined;
}

function refusedMessage(raw: Buffer, reason: RefusedReason, detail: string, context: MappingContext): KafkaMessage {
  const { source, topics, kind, receivedAt, request } = context;
  return {
    topic: topics.events[kind],
    key: source.id,
    value: raw,
    headers: {
      "content-type": "application/octet-stream",
      [refusedHeaders.reason]: reason,
      [refusedHeaders.detail]: detail.slice(0, 2_000),
      [refusedHeaders.source]: source.id,
      [refusedHeaders.connector]: source.connector,
      [refusedHeaders.receivedAt]: receivedAt.toISOString(),
      ...(request === undefined ? {} : { [refusedHeaders.request]: JSON.stringify(withoutSecrets(request, source)) }),
    },
  };
}

const secretHeaders = /^(authorization|cookie|proxy-authorization|x-keypulse-token|.*(secret|token|api-?key).*)$/;

/** A sender may carry its secret in a header of any name: it is known by its hash. */
function withoutSecrets({ method, url, headers }: NonNullable<MappingContext["request"]>, { secrets }: Source) {
  const hashes = new Set(secrets.map(({ hash }) => hash));
  const kept = Object.entries(headers).filter(
    ([name, value]) => !secretHeaders.test(name) && !hashes.has(hashSecret(value ?? "")),
  );
  return { method, url, headers: Object.fromEntries(kept) };
}
