import { asObject, asText } from "../json.ts";
import type { Fields } from "../members.ts";

/** A message with all that its event depends on beside the source's settings. */
export interface StoredMessage {
  message: unknown;
  sentAt: string | undefined;
  receivedAt: Date;
}

interface MessageToStore {
  message: unknown;
  /** Its own id, or the one that was made for it. */
  id: string;
  /** Its own context and the batch's in one. */
  context: Fields;
  sentAt: unknown;
  receivedAt: Date;
}

/**
 * A message as bytes that give the same event later: `{message, sentAt, receivedAt}`. The visitor's address and the
 * write key are left out, because nothing depends on them.
 */
export function storeMessage({ message, id, context, sentAt, receivedAt }: MessageToStore): Buffer {
  const { ip: _ip, ...kept } = context;
  const { writeKey: _writeKey, ...fields } = asObject(message);
  const whole = asObject(message) === message ? { ...fields, messageId: id, context: kept } : message;
  return Buffer.from(JSON.stringify({ message: whole, sentAt: asText(sentAt), receivedAt }));
}

/** @returns undefined where the value is a message or a batch as libraries send it */
export function storedMessage(value: unknown): StoredMessage | undefined {
  const { message, sentAt, receivedAt, type, batch } = asObject(value);
  if (message === undefined || type !== undefined || batch !== undefined) return undefined;
  const received = new Date(typeof receivedAt === "string" ? receivedAt : Number.NaN);
  return Number.isNaN(received.getTime()) ? undefined : { message, sentAt: asText(sentAt), receivedAt: received };
}
