import { createHash } from "node:crypto";
import { describeIssues } from "@keypulse/contracts";
import type { z } from "zod";
import type { MappedEvent, Outcome, ParsedElement } from "./connector.ts";

const longestEventId = 256;

/** Reads a value by the provider's shape: what doesn't fit is a fault that names the members. */
export function readAs<T>(schema: z.ZodType<T>, value: unknown, use: (read: T) => Outcome): Outcome {
  const result = schema.safeParse(value);
  return result.success ? use(result.data) : { fault: describeIssues(result.error.issues) };
}

/** One element of a JSON array that stands alone; its bytes are made only where somebody keeps them. */
export function batchElement(value: unknown, outcome: Outcome): ParsedElement {
  return {
    get raw() {
      return Buffer.from(JSON.stringify([value]));
    },
    ...outcome,
  };
}

/** An outcome with one event. */
export const event = (mapped: MappedEvent): Outcome => ({ events: [mapped] });

/** A genuine message that says nothing about a client. */
export const noMeaning = (detail: string): Outcome => ({ unused: "no_meaning", detail });

/** A type that the connector doesn't know; kept, so that a later mapping can replay it. */
export const unknownType = (type: string): Outcome => ({
  unused: "unknown_type",
  detail: `the type "${type.slice(0, 80)}" is not known here`,
});

/** Joins the parts that make an event unique; what the contract finds too long is replaced by its SHA-256. */
export function eventId(...parts: string[]): string {
  const id = parts.join(":");
  return id.length <= longestEventId ? id : createHash("sha256").update(id).digest("hex");
}

/** The object without its absent members. */
export function present<T extends Record<string, unknown>>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
