import { isUtf8 } from "node:buffer";
import type { Decoded, RawMessage } from "../domain/outcome.ts";

/** Largest message that is read; Kafka itself takes up to 4 MiB, so that a larger one can be kept as rejected. */
const maxBytes = 1024 * 1024;
/** Escapes of a NUL character or of half a surrogate pair. */
const dangerousEscape = /\\u(?:0000|d)/i;
/** Members nested deeper than this are no event; senders of attacks nest deeper. */
const maxDepth = 32;

/**
 * Bytes of a message to a JSON value that is safe to handle and to store: within size and depth, no NUL characters
 * (ClickHouse's text functions and many readers stop at them), no broken UTF-8 or UTF-16, no `__proto__` keys. CloudEvents
 * are read in both modes.
 */
export function decodeMessage(message: RawMessage): Decoded {
  const bytes = message.value;
  if (bytes === null || bytes.length === 0) return { reason: "empty", detail: "the message has no value" };
  if (bytes.length > maxBytes) {
    return { reason: "too_large", detail: `the message has ${bytes.length} bytes; ${maxBytes} is the most` };
  }
  const wrapping = wrappingOf(bytes);
  if (wrapping !== undefined) return { reason: "not_json", detail: wrapping };
  // Read nevertheless, each broken byte would become the same character, and two names one.
  if (!isUtf8(bytes)) return { reason: "bad_text", detail: "the message is not UTF-8" };
  const text = bytes.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's message may quote the text; its kind and place are enough for the sender.
    const place = /position (\d+)/.exec((error as Error).message)?.[1];
    return { reason: "not_json", detail: `the message is not JSON${place ? `: see character ${place}` : ""}` };
  }
  // Escapes are rare: texts are only looked at one by one where the bytes hold such an escape.
  const suspicious = dangerousEscape.test(text);
  const fault = faultOf(value, "", 0, suspicious);
  if (fault !== undefined) return fault;
  return fromCloudEvent(value, message);
}

/** What producers put before the JSON, in words for whoever set them up. */
function wrappingOf(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return "the message begins with a byte order mark: send UTF-8 without one";
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return "the message is UTF-16: send UTF-8";
  }
  if (bytes[0] === 0 && bytes.length > 5) {
    return "the message begins with the five bytes of a schema registry: send plain JSON, by a serializer without one";
  }
  return undefined;
}

function faultOf(value: unknown, path: string, depth: number, checkTexts: boolean): Decoded | undefined {
  if (typeof value === "string") return checkTexts ? textFault(value, path) : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= maxDepth) {
    return { reason: "too_deep", detail: `${path.slice(0, 200)}: objects are nested more than ${maxDepth} deep` };
  }
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === "object" || checkTexts) {
        const fault = faultOf(item, `${path}[]`, depth + 1, checkTexts);
        if (fault !== undefined) return fault;
      }
    }
    return undefined;
  }
  for (const key in value) {
    if (key === "__proto__") {
      return { reason: "forbidden_key", detail: `${path || "message"}: the key __proto__ is not allowed` };
    }
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === "object" || checkTexts) {
      const fault =
        faultOf(member, path ? `${path}.${key}` : key, depth + 1, checkTexts) ??
        (checkTexts ? textFault(key, path) : undefined);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function textFault(text: string, path: string): Decoded | undefined {
  if (text.includes("\0")) return { reason: "bad_text", detail: `${path}: the text holds a NUL character` };
  if (!text.isWellFormed()) return { reason: "bad_text", detail: `${path}: the text holds half of a surrogate pair` };
  return undefined;
}

type Attributes = Record<"id" | "type" | "source" | "time", string | undefined>;

/**
 * Producers that write CloudEvents may leave id, type, source and time to the attributes: to headers in binary mode, to
 * members beside `data` in structured mode, which some (Python's SDK of version 1) send as plain application/json.
 * Source: CloudEvents 1.0, Kafka protocol binding and JSON format.
 */
function fromCloudEvent(value: unknown, message: RawMessage): Decoded {
  if (typeof value !== "object" || value === null) return { value };
  const given = value as Record<string, unknown>;
  if (typeof given.specversion === "string" && ("data" in given || "data_base64" in given)) {
    const { data } = given;
    if (typeof data !== "object" || data === null || Array.isArray(data)) {
      return {
        reason: "invalid",
        detail: "data: a CloudEvent in structured mode needs the event as a JSON object in it",
      };
    }
    const text = (name: string) => (typeof given[name] === "string" ? given[name] : undefined);
    const attributes = { id: text("id"), type: text("type"), source: text("source"), time: text("time") };
    return { value: withAttributes(data as Record<string, unknown>, attributes) };
  }
  if (message.headers.ce_id === undefined) return { value };
  const names = ["id", "type", "source", "time"] as const;
  const repeated = names.find((name) => Array.isArray(message.headers[`ce_${name}`]));
  if (repeated !== undefined) {
    return { reason: "invalid", detail: `ce_${repeated}: the header is there more than once` };
  }
  const headers = Object.fromEntries(names.map((name) => [name, message.headers[`ce_${name}`]?.toString()]));
  return { value: withAttributes(given, headers as Attributes) };
}

function withAttributes(event: Record<string, unknown>, { id, type, source, time }: Attributes): unknown {
  event.id ??= id;
  event.type ??= type;
  event.source ??= source;
  event.occurred_at ??= time;
  return event;
}
