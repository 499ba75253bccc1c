import { asDecimal, isNegative, toContractPlaces } from "./amounts.ts";
import type { Outcome } from "./connector.ts";
import { asObject, asText } from "./json.ts";

export type Fields = Record<string, unknown>;

/** An element lacks what the provider documents, or has it in another shape; becomes the element's fault. */
export class ElementFault extends Error {
  override name = "ElementFault";
}

/** What `read` makes of an element; an `ElementFault` that it throws is its fault. */
export function readOutcome(read: () => Outcome): Outcome {
  try {
    return read();
  } catch (error) {
    if (error instanceof ElementFault) return { fault: error.message };
    throw error;
  }
}

/** @throws ElementFault */
export function neededText(fields: Fields, name: string): string {
  const text = asText(fields[name]);
  if (text === undefined) throw new ElementFault(`${name}: is missing`);
  return text;
}

/** A decimal that is not negative. @throws ElementFault */
export function neededAmount(fields: Fields, name: string): string {
  const amount = asDecimal(fields[name]);
  if (amount === undefined || isNegative(amount)) {
    throw new ElementFault(`${name}: ${fields[name] === undefined ? "is missing" : "is not an amount"}`);
  }
  return toContractPlaces(amount);
}

/** The first of these members that is a time with zone. @throws ElementFault where none is */
export function neededInstant(fields: Fields, ...names: string[]): string {
  for (const name of names) {
    const instant = asInstant(fields[name]);
    if (instant !== undefined) return instant;
  }
  throw new ElementFault(`${names[0]}: is not an ISO 8601 time with zone`);
}

const instantShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** A text that is an ISO 8601 time with zone, as it is. */
export function asInstant(value: unknown): string | undefined {
  return typeof value === "string" && instantShape.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** Unix seconds as ISO 8601. */
export function instantOfSeconds(value: unknown): string | undefined {
  return typeof value === "number" && value >= 0 && value < 1e11 ? new Date(value * 1000).toISOString() : undefined;
}

/** The objects of a list; anything else in it, or instead of it, is passed over. */
export function objectsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}
