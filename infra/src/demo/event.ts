import {
  type EventKind,
  type EventType,
  eventVersion,
  type IdentifierKind,
  identifierKinds,
  vocabulary,
} from "@keypulse/contracts";
import type { WallMs } from "./calendar.ts";

/** An event of the demonstration before it is known on which day it happened and in which zone. */
export interface DemoEvent {
  readonly id: string;
  readonly source: DemoSource;
  readonly type: EventType;
  readonly identifiers: Partial<Record<IdentifierKind, string>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly traits?: Readonly<Record<string, unknown>>;
}

export interface HistoricEvent extends DemoEvent {
  readonly wallMs: WallMs;
}

/** Orders are real, by `online-retail`; what a `demo-` source says is made up. */
export const demoSources = ["online-retail", "demo-crm", "demo-mail", "demo-web", "demo-phone"] as const;
export type DemoSource = (typeof demoSources)[number];

/** A message as Kafka gets it. */
export interface DemoMessage {
  readonly source: DemoSource;
  readonly kind: EventKind;
  /** The strongest identifier; null spreads events of nobody over the partitions. */
  readonly key: string | null;
  readonly value: string;
}

/** A message of the history but for its time: that stands between two texts. */
export interface UndatedMessage extends Omit<DemoMessage, "value"> {
  readonly wallMs: WallMs;
  readonly beforeTime: string;
  readonly afterTime: string;
}

export function undatedMessage(event: HistoricEvent): UndatedMessage {
  return { wallMs: event.wallMs, ...parts(event) };
}

export function dated(
  { source, kind, key, beforeTime, afterTime }: Omit<UndatedMessage, "wallMs">,
  atMs: number,
): DemoMessage {
  return { source, kind, key, value: beforeTime + new Date(atMs).toISOString() + afterTime };
}

export function demoMessage(event: DemoEvent, atMs: number): DemoMessage {
  return dated(parts(event), atMs);
}

function parts({ id, source, type, identifiers, properties, traits }: DemoEvent): Omit<UndatedMessage, "wallMs"> {
  const { kind } = vocabulary[type];
  const strongest = identifierKinds.find((identifier) => identifiers[identifier] !== undefined);
  const before = JSON.stringify({ version: eventVersion, id, source, type });
  const after = JSON.stringify({ identifiers, properties, ...(traits && { traits }) });
  return {
    source,
    // Identity events may ride on any topic.
    kind: kind === "identity" ? "web" : kind,
    key: strongest === undefined ? null : `${strongest}:${identifiers[strongest]}`,
    beforeTime: `${before.slice(0, -1)},"occurred_at":"`,
    afterTime: `",${after.slice(1)}`,
  };
}
