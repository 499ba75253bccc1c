import { refusedReasons } from "@keypulse/contracts";
import type { EventIdentity } from "@keypulse/identity";

/** Why an event can't be used; a closed set, so that it can be counted. */
export const rejectReasons = [
  "empty",
  "too_large",
  "not_json",
  "invalid",
  "unknown_type",
  "bad_time",
  "bad_text",
  "forbidden_key",
  "too_deep",
  "wrong_topic",
  "storage_refused",
  "erased",
  ...refusedReasons.filter((reason) => reason !== "invalid" && reason !== "unknown_type"),
] as const;
export type RejectReason = (typeof rejectReasons)[number];

/** A message of Kafka, as far as ingest needs it. */
export interface RawMessage {
  offset: number;
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
}

/** A message that passed the contract: what the steps need of it; the rest is in its row already. */
export interface AcceptedEvent {
  message: RawMessage;
  id: string;
  source: string;
  occurredAtMs: number;
  identity: EventIdentity;
  /** Whom an alias event calls the same person. */
  alias: EventIdentity | undefined;
  /** Order or invoice that it is about, empty where it is about none. */
  orderId: string;
  /** Its number in the rows of its batch. */
  row: number;
}

/** A message that can't be used, with the reason in words for its sender. */
export interface RejectedEvent {
  message: RawMessage;
  source: string;
  reason: RejectReason;
  detail: string;
}

export type Decoded = { value: unknown } | { reason: RejectReason; detail: string };
