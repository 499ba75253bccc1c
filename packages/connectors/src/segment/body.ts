import { MalformedBody } from "../connector.ts";
import { asObject, asText, parseJson } from "../json.ts";
import type { Fields } from "../members.ts";

export const segmentTypes = ["track", "identify", "group", "page", "screen", "alias"] as const;
export type SegmentType = (typeof segmentTypes)[number];

/** Limits of the Segment API. Source: Segment, HTTP Tracking API, "Errors" and "Max request size". */
export const segmentLimits = {
  messageBytes: 32 * 1024,
  batchBytes: 500 * 1024,
  batchMessages: 2500,
  messageIdCharacters: 100,
} as const;

/**
 * What each path takes: one message of a type, or a batch. Libraries for browsers use the first letter, old ones for
 * phones `import`.
 */
export const segmentEndpoints: ReadonlyMap<string, SegmentType | "batch"> = new Map([
  ...segmentTypes.flatMap((type): [string, SegmentType][] => [
    [`/v1/${type}`, type],
    [`/v1/${type.charAt(0)}`, type],
  ]),
  ["/v1/batch", "batch"],
  ["/v1/b", "batch"],
  ["/v1/import", "batch"],
  // RudderStack's library for browsers, when a page is left.
  ["/beacon/v1/batch", "batch"],
]);

/** More than the Segment API takes; answered with 400 as there, upon which libraries drop the body. */
export class SegmentBodyTooLarge extends MalformedBody {
  override name = "SegmentBodyTooLarge";
}

/** Messages of one request, with what it says of all of them. */
export interface SegmentBody {
  messages: unknown[];
  writeKey?: string | undefined;
  sentAt?: string | undefined;
  /** Shared by all messages of a batch; a message's own context goes before it. */
  context?: unknown;
  /** Whether a message of it may be over the limit: that one is refused, and not the batch. */
  mayBeTooLarge?: boolean;
}

/**
 * Reads the body of a request to the Segment API, whatever its content type: libraries for browsers send JSON as
 * text/plain, which needs no permission across sites.
 * @param path of the address, without query
 * @throws MalformedBody where it is none; SegmentBodyTooLarge
 */
export function readSegmentBody(path: string, bytes: Buffer): SegmentBody {
  const endpoint = segmentEndpoints.get(path.length > 4 && path.endsWith("/") ? path.slice(0, -1) : path);
  if (endpoint === undefined) throw new MalformedBody("the Segment API has no such path");
  const most = endpoint === "batch" ? segmentLimits.batchBytes : segmentLimits.messageBytes;
  if (bytes.length > most) {
    throw new SegmentBodyTooLarge(`the body has ${bytes.length} bytes, and at most ${most} are taken`);
  }
  const parsed = parseJson(bytes);
  const body = asObject(parsed);
  if (body !== parsed) throw new MalformedBody("the body is not a JSON object");
  if (endpoint !== "batch") return oneMessage(body, endpoint);
  const read = batchOf(body);
  const { batchMessages, messageBytes } = segmentLimits;
  if (read.messages.length > batchMessages) {
    throw new SegmentBodyTooLarge(
      `the batch has ${read.messages.length} messages, and at most ${batchMessages} are taken`,
    );
  }
  return bytes.length > messageBytes ? { ...read, mayBeTooLarge: true } : read;
}

/** @param type by the path, which the message need not repeat */
export function oneMessage(body: Fields, type?: SegmentType): SegmentBody {
  const message = type === undefined || body.type === type ? body : { ...body, type };
  return { messages: [message], writeKey: asText(body.writeKey), sentAt: asText(body.sentAt) };
}

/** @throws MalformedBody */
export function batchOf(body: Fields): SegmentBody {
  if (!Array.isArray(body.batch)) throw new MalformedBody("batch: must be a list of messages");
  return {
    messages: body.batch,
    writeKey: asText(body.writeKey),
    sentAt: asText(body.sentAt),
    context: body.context,
  };
}
