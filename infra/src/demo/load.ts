import type { Topics } from "@keypulse/contracts";
import type { Producer } from "@keypulse/engines";
import type { DemoMessage } from "./event.ts";

export interface LoadSettings {
  readonly messages: Iterable<DemoMessage>;
  readonly producer: Producer;
  readonly topics: Topics;
  /** Most bytes sent at once; default 1 MB. */
  readonly batchBytes?: number;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (sent: number) => void;
}

/**
 * Sends messages through the ordinary topics, in their order, one batch after the other.
 * @returns how many Kafka has taken: all, unless it was stopped
 */
export async function sendMessages(settings: LoadSettings): Promise<number> {
  const { messages, producer, topics, batchBytes = 1_000_000, signal, onProgress } = settings;
  let batch = new Map<string, { key: string | null; value: string }[]>();
  let bytes = 0;
  let sent = 0;
  let gathered = 0;
  const send = async (): Promise<void> => {
    await producer.sendBatch({ topicMessages: [...batch].map(([topic, list]) => ({ topic, messages: list })) });
    sent += gathered;
    batch = new Map();
    bytes = 0;
    gathered = 0;
    onProgress?.(sent);
  };
  for (const { kind, key, value } of messages) {
    const topic = topics.events[kind];
    const list = batch.get(topic) ?? [];
    batch.set(topic, list);
    list.push({ key, value });
    gathered++;
    bytes += value.length;
    if (bytes < batchBytes) continue;
    await send();
    if (signal?.aborted) return sent;
  }
  if (gathered > 0) await send();
  return sent;
}
