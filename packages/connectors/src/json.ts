import { MalformedBody } from "./connector.ts";

const longDigits = /\d{16}/;

/**
 * Parses a body's JSON, keeping whole numbers that a double can't hold (provider ids of 19 digits) as texts.
 * Decimals with more digits than a double holds become texts too.
 * @throws MalformedBody saying where; it never quotes the body
 */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  try {
    // A reviver costs five times the parsing, and few bodies need it.
    return longDigits.test(text) ? JSON.parse(text, keepExact as Parameters<typeof JSON.parse>[1]) : JSON.parse(text);
  } catch (error) {
    const place = /position (\d+)/.exec((error as Error).message)?.[1];
    throw new MalformedBody(`the body is not JSON${place ? `: see character ${place}` : ""}`);
  }
}

/** `source` is the number as it was written (ECMAScript, JSON.parse source text access). */
function keepExact(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== "number" || context.source === undefined) return value;
  if (/[eE]/.test(context.source)) return exactWithExponent(context.source, value);
  const whole = /^-?\d+$/.test(context.source);
  return (whole ? Number.isSafeInteger(value) : String(value).length >= context.source.length - 1)
    ? value
    : context.source;
}

/** A double holds fifteen digits: Java prints the larger ones as 1.23456789E7. What has more becomes a text without exponent. */
function exactWithExponent(source: string, value: number): unknown {
  const [, sign = "", whole = "", fraction = "", exponent] = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(source) ?? [];
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (digits.length <= 15 || Math.abs(point) > 40) return value;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  const padded = digits.padEnd(point, "0");
  const after = padded.slice(point);
  return sign + padded.slice(0, point) + (after === "" ? "" : `.${after}`);
}

/** A plain object to read members from; anything else reads as an empty one. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** A text member; numbers (ids) become texts; empty texts and anything else are absent. */
export function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}
