import { MalformedBody, type ParsedElement, type ProviderRequest } from "../connector.ts";
import { batchElement } from "../elements.ts";
import { asText, parseJson } from "../json.ts";
import { type CloudEvent, readEvent } from "./event.ts";

/**
 * Reads a message of the HTTP protocol binding. The `cloudevents` library is not used for it: its reader refuses
 * parameters of the content type but one, loses a whole batch for one bad element, leaves headers percent-encoded,
 * replaces a time that it can't read by the clock's, and rounds numbers above 2^53. It is the sender in the tests.
 * @throws MalformedBody where the message is in none of the three modes
 */
export function readMessage(request: ProviderRequest, receivedAt: Date): ParsedElement[] {
  const contentType = (request.headers["content-type"] ?? "").trim().toLowerCase();
  // The longer name first: it begins with the shorter one.
  if (contentType.startsWith("application/cloudevents-batch")) {
    const batch = parseJson(request.body);
    if (!Array.isArray(batch)) throw new MalformedBody("a batch must be a JSON array");
    return batch.map((event: unknown) => batchElement(event, readEvent(structured(event), receivedAt)));
  }
  if (contentType.startsWith("application/cloudevents")) {
    return [{ raw: request.body, ...readEvent(structured(parseJson(request.body)), receivedAt) }];
  }
  if (request.headers["ce-specversion"] === undefined) {
    throw new MalformedBody(
      "not a CloudEvent: neither the header ce-specversion nor the content type application/cloudevents+json is there",
    );
  }
  return [{ raw: request.body, ...readEvent(binary(request, contentType), receivedAt) }];
}

function structured(value: unknown): CloudEvent | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "the event is not a JSON object";
  const event = value as Record<string, unknown>;
  if (typeof event.data_base64 !== "string") return { attributes: event, data: event.data };
  if ("data" in event) return "data and data_base64 exclude each other";
  const bytes = Buffer.from(event.data_base64, "base64");
  return { attributes: event, ...bytesAsData(bytes, asText(event.datacontenttype) ?? "application/json") };
}

function binary(request: ProviderRequest, contentType: string): CloudEvent | string {
  const attributes: Record<string, string> = {};
  for (const [header, value] of Object.entries(request.headers)) {
    if (!header.startsWith("ce-") || value === undefined) continue;
    const decoded = decodeHeader(value);
    if (decoded === undefined) return `the header ${header.slice(0, 80)} is not well encoded`;
    attributes[header.slice("ce-".length)] = decoded;
  }
  return { attributes, ...bytesAsData(request.body, contentType || "application/json") };
}

/** HTTP protocol binding 1.0.2, 3.1.3.2: quotes first, then percent-encoding once; UTF-8 that is broken is refused. */
function decodeHeader(value: string): string | undefined {
  const unquoted = /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
  try {
    return decodeURIComponent(unquoted);
  } catch {
    return undefined;
  }
}

/** Data that are JSON by their type; other data stay closed, and become a fault only of an event that needs them. */
function bytesAsData(bytes: Buffer, contentType: string): { data: unknown; closed?: string } {
  if (bytes.length === 0) return { data: undefined };
  if (!/^[^;]*[/+]json\s*(;|$)/i.test(contentType)) return { data: undefined, closed: "data: are not JSON" };
  try {
    return { data: parseJson(bytes) };
  } catch (error) {
    if (error instanceof MalformedBody) return { data: undefined, closed: `data: ${error.message}` };
    throw error;
  }
}
