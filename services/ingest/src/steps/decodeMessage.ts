import type { Decoded, RawMessage } from "../domain/outcome.ts";

/** Largest message that is read; Kafka itself takes up to 4 MiB, so that a larger one can be kept as rejected. */
const maxBytes = 1024 * 1024;
/** Escapes of a NUL character or of half a surrogate pair. */
const dangerousEscape = /\\u(?:0000|d)/i;
/** Members nested deeper than this are no event; senders of attacks nest deeper. */
const maxDepth = 32;

/**
 * Bytes of a message to a JSON value that is safe to handle and to store: within size and depth, no NUL characters
 * (ClickHouse's text functions and many readers stop at them), no broken UTF-16, no `__proto__` keys.
 */
export function decodeMessage(message: RawMessage): Decoded {
  const bytes = message.value;
  if (bytes === null || bytes.length === 0) return { reason: "empty", detail: "the message has no value" };
  if (bytes.length > maxBytes) {
    return { reason: "too_large", detail: `the message has ${bytes.length} bytes; ${maxBytes} is the most` };
  }
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
  return { value: fromCloudEventHeaders(value, message) };
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

/** Producers that write CloudEvents in binary mode may leave id, type, source and time to the headers. */
function fromCloudEventHeaders(value: unknown, message: RawMessage): unknown {
  if (message.headers.ce_id === undefined || typeof value !== "object" || value === null) return value;
  const header = (name: string) => message.headers[name]?.toString();
  const event = value as Record<string, unknown>;
  event.id ??= header("ce_id");
  event.type ??= header("ce_type");
  event.source ??= header("ce_source");
  event.occurred_at ??= header("ce_time");
  return event;
}
