import type { ClientsTouched, Topics } from "@keypulse/contracts";
import { cloudEventHeaders, type Producer } from "@keypulse/engines";
import { nameUuid, nobody } from "@keypulse/identity";
import { type Batch, tokenOf } from "../domain/batch.ts";

const clientsAMessage = 2_000;

/** Tells the others what a stored batch was about. At least once: a repeated batch repeats ids. */
export class Announcer {
  readonly #producer: Producer;
  readonly #topics: Topics;
  constructor(producer: Producer, topics: Topics) {
    this.#producer = producer;
    this.#topics = topics;
  }

  async announce(batch: Batch): Promise<void> {
    const messages = [...this.#touched(batch), ...this.#rejected(batch)];
    if (messages.length === 0) return;
    const byTopic = Map.groupBy(messages, ({ topic }) => topic);
    await this.#producer.sendBatch({
      acks: -1,
      topicMessages: [...byTopic].map(([topic, list]) => ({ topic, messages: list.map(({ message }) => message) })),
    });
  }

  *#touched(batch: Batch) {
    const keys = new Set<string>();
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    for (const { identity, occurredAtMs } of batch.accepted) {
      if (identity.clientKey === nobody) continue;
      keys.add(identity.clientKey);
      from = Math.min(from, occurredAtMs);
      to = Math.max(to, occurredAtMs);
    }
    const clientKeys = [...keys];
    const token = tokenOf(batch.range);
    const now = new Date().toISOString();
    for (let start = 0; start < clientKeys.length; start += clientsAMessage) {
      const value: ClientsTouched = {
        batch: token,
        client_keys: clientKeys.slice(start, start + clientsAMessage),
        occurred_from: new Date(from).toISOString(),
        occurred_to: new Date(to).toISOString(),
        stored_at: now,
      };
      const headers = cloudEventHeaders({
        id: nameUuid(`touched:${token}:${start}`),
        source: "/keypulse/ingest",
        type: "keypulse.clients.touched",
        time: now,
      });
      yield {
        topic: this.#topics.touched,
        message: { key: value.client_keys[0]!, value: JSON.stringify(value), headers },
      };
    }
  }

  /** The dead letter: the message as it came, with the reason and its first place in the headers. */
  *#rejected(batch: Batch) {
    const { topic, partition } = batch.range;
    for (const { message, reason, detail, source } of batch.rejected) {
      const position = `${topic}:${partition}:${message.offset}`;
      const headers = {
        ...cloudEventHeaders({
          id: nameUuid(`rejected:${position}`),
          source: "/keypulse/ingest",
          type: "keypulse.event.rejected",
          time: new Date(message.timestampMs).toISOString(),
        }),
        "content-type": "application/octet-stream",
        reason,
        detail,
        event_source: source,
        position,
      };
      yield { topic: this.#topics.rejected, message: { key: message.key, value: message.value, headers } };
    }
  }
}
