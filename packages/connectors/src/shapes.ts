import { z } from "zod";
import { asObject, asText } from "./json.ts";

/** Any value, or none: Zod calls a transform for a member that is missing only where it may be. */
export const anything = z.unknown().optional();

/** A text that may be missing; anything that is no text reads as missing, because nothing depends on it. */
export const optionalText = anything.transform(asText);

/** A text or a number (an id) that must be there. */
export const requiredText = anything.transform((value, context): string => {
  const text = asText(value);
  if (text !== undefined) return text;
  context.addIssue({ code: "custom", message: "must be a text that is not empty" });
  return z.NEVER;
});

/** A boolean that may be missing. */
export const optionalFlag = anything.transform((value) => (typeof value === "boolean" ? value : undefined));

/** An object that may be missing; anything else reads as an empty one. */
export const optionalObject = anything.transform(asObject);

function instantOf(milliseconds: number, expected: string, context: z.RefinementCtx): string {
  const date = new Date(milliseconds);
  // Years beyond 9999 print with a sign and six digits, which no reader of ISO 8601 expects.
  if (Number.isFinite(date.getTime()) && date.getUTCFullYear() >= 0 && date.getUTCFullYear() <= 9999) {
    return date.toISOString();
  }
  context.addIssue({ code: "custom", message: `must be ${expected}` });
  return z.NEVER;
}

function unixTime(expected: string, milliseconds: number) {
  return anything.transform((value, context): string => {
    const text = asText(value);
    const number = text !== undefined && /^\d{1,16}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    return instantOf(Math.round(number * milliseconds), expected, context);
  });
}

/** Unix seconds, with or without fraction, as a number or a text; read as an ISO 8601 time. */
export const unixSeconds = unixTime("a time in Unix seconds", 1000);

/** Unix milliseconds; read as an ISO 8601 time. */
export const unixMilliseconds = unixTime("a time in Unix milliseconds", 1);

const zonedTime = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/;

/** An ISO 8601 time with zone and any number of fraction digits; read with three of them, in UTC. */
export const zonedInstant = anything.transform((value, context): string => {
  const text = asText(value) ?? "";
  return instantOf(zonedTime.test(text) ? Date.parse(text) : Number.NaN, "an ISO 8601 time with zone", context);
});

/** Seconds of a call, as a number or a text; rounded to whole ones. */
export const wholeSeconds = anything.transform((value, context): number => {
  const text = asText(value);
  if (text !== undefined && /^\d{1,9}(\.\d+)?$/.test(text)) return Math.round(Number(text));
  context.addIssue({ code: "custom", message: "must be a number of seconds" });
  return z.NEVER;
});
