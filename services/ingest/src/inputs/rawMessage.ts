import type { KafkaMessage } from "kafkajs";
import type { RawMessage } from "../domain/outcome.ts";

/** A message as kafkajs hands it over, as far as ingest needs it. */
export function toRawMessage(
  message: Pick<KafkaMessage, "offset" | "timestamp" | "key" | "value" | "headers">,
): RawMessage {
  return {
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: message.headers ?? {},
  };
}
