import type { SegmentChange } from "@keypulse/contracts";
import { cloudEventHeaders, type Producer } from "@keypulse/engines";
import { nameUuid } from "@keypulse/identity";

/** A message is some 300 bytes, and kafkajs makes one batch of what it is handed. */
const mostAtOnce = 2_000;

/** The topic `segments`, keyed by client. At least once: told again, a change has the same id. */
export class SegmentTopic {
  readonly #producer: Producer;
  readonly #topic: string;
  constructor(producer: Producer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
  }

  /** In the order given. */
  async publish(changes: readonly Omit<SegmentChange, "id">[]): Promise<void> {
    for (let start = 0; start < changes.length; start += mostAtOnce) {
      const messages = changes.slice(start, start + mostAtOnce).map((change) => {
        const id = nameUuid(`segment:${change.segment}:${change.client_id}:${change.at}`);
        const headers = cloudEventHeaders({
          id,
          source: "/keypulse/segments",
          type: `keypulse.segment.${change.change}`,
          time: change.at,
          subject: change.segment,
        });
        return { key: change.client_id, value: JSON.stringify({ id, ...change } satisfies SegmentChange), headers };
      });
      await this.#producer.send({ topic: this.#topic, acks: -1, messages });
    }
  }
}
