import type { z } from "zod";
import { alertSchema } from "./alert.ts";
import { segmentChangeSchema } from "./segment.ts";
import { signalSchema } from "./signal.ts";
import { clientsTouchedSchema, ordersTouchedSchema } from "./touched.ts";
import { type EventKind, eventKinds } from "./vocabulary.ts";

export const defaultTopicPrefix = "keypulse.";

export interface Topics {
  events: Record<EventKind, string>;
  rejected: string;
  touched: string;
  orders: string;
  signals: string;
  alerts: string;
  segments: string;
}

/** Every topic's name, in one place. */
export function topicNames(prefix: string = defaultTopicPrefix): Topics {
  const events = Object.fromEntries(eventKinds.map((kind) => [kind, `${prefix}events.${kind}`])) as Topics["events"];
  return {
    events,
    rejected: `${prefix}events.rejected`,
    touched: `${prefix}clients.touched`,
    orders: `${prefix}orders.touched`,
    signals: `${prefix}signals`,
    alerts: `${prefix}alerts`,
    segments: `${prefix}segments`,
  };
}

/** All topics as a list, for creating them. */
export function allTopics(topics: Topics): string[] {
  const { events, ...others } = topics;
  return [...Object.values(events), ...Object.values(others)];
}

/** The value's schema of the topics that Keypulse itself writes. Event topics have a schema a type (`eventSchemas`). */
export const ownTopicSchemas = {
  touched: clientsTouchedSchema,
  orders: ordersTouchedSchema,
  signals: signalSchema,
  alerts: alertSchema,
  segments: segmentChangeSchema,
} satisfies Partial<Record<keyof Topics, z.ZodType>>;
