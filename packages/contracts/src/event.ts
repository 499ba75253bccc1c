import { z } from "zod";
import { identifiersSchema } from "./identifiers.ts";
import { type EventType, eventTypes, vocabulary } from "./vocabulary.ts";

/** Version of the event contract. A reader accepts this one; a change that breaks readers raises it. */
export const eventVersion = 1;

const envelope = {
  version: z.literal(eventVersion).default(eventVersion),
  id: z.string("must be a text that is unique within the source").min(1).max(256, "must have at most 256 characters"),
  source: z
    .string("must name the wired source")
    .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, "must be 1 to 100 of a-z, 0-9, dot, dash, underscore"),
  occurred_at: z.iso.datetime({
    offset: true,
    error: "must be an ISO 8601 time with zone, such as 2026-01-31T09:30:00Z",
  }),
  identifiers: identifiersSchema.default({}),
  traits: z.looseObject({}).optional(),
};

function schemaOf(type: EventType) {
  const properties: z.ZodObject = vocabulary[type].properties;
  return z.object({
    ...envelope,
    type: z.literal(type),
    // An absent object is read as an empty one, so that its missing fields are named one by one.
    properties: properties.prefault({}),
  });
}

/** One zod schema a type, so that the type picks its schema at once instead of trying a union of thirty. */
export const eventSchemas: ReadonlyMap<string, ReturnType<typeof schemaOf>> = new Map(
  eventTypes.map((type) => [type, schemaOf(type)]),
);

/** An event as it passes the contract: amounts are decimal texts, identifiers still raw. */
export interface ContractEvent {
  version: number;
  id: string;
  source: string;
  type: EventType;
  occurred_at: string;
  identifiers: z.infer<typeof identifiersSchema>;
  properties: Record<string, unknown>;
  traits?: Record<string, unknown> | undefined;
}

export type EventProblem = { reason: "unknown_type" | "invalid"; detail: string };

/**
 * Checks one decoded JSON value against the contract.
 * @returns the event, or the problem with every fault named by its path, in words for the sender.
 */
export function parseEvent(value: unknown): { event: ContractEvent } | { problem: EventProblem } {
  const type = (value as { type?: unknown } | null)?.type;
  const schema = typeof type === "string" ? eventSchemas.get(type) : undefined;
  if (schema === undefined) return { problem: typeProblem(value, type) };
  const result = schema.safeParse(value);
  if (result.success) return { event: result.data as ContractEvent };
  return { problem: { reason: "invalid", detail: describeIssues(result.error.issues) } };
}

function typeProblem(value: unknown, type: unknown): EventProblem {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return { reason: "invalid", detail: "the message must be one JSON object with id, source, type and occurred_at" };
  }
  if (typeof type !== "string") {
    return { reason: "invalid", detail: `type: must be a text, one of ${eventTypes.join(", ")}` };
  }
  return {
    reason: "unknown_type",
    detail: `type: "${type.slice(0, 80)}" is not in the vocabulary; use web.custom with a name, or one of ${eventTypes.join(", ")}`,
  };
}

/** The faults of a zod error as one line: `properties.amount: must be a decimal …; id: …`. At most five are listed. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  const lines = issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "message"}: ${issue.message}`);
  if (issues.length > 5) lines.push(`and ${issues.length - 5} more`);
  return lines.join("; ").slice(0, 2000);
}
