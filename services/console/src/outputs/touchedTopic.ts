import { randomUUID } from "node:crypto";
import type { ClientsTouched } from "@keypulse/contracts";
import { cloudEventHeaders, type Kafka, type Producer } from "@keypulse/engines";

const clientsAMessage = 2_000;

/** Tells who evaluates clients that some belong elsewhere now. Connects to Kafka when there is something to tell. */
export class TouchedTopic {
  readonly #kafka: Kafka;
  readonly #topic: string;
  #producer: Promise<Producer> | undefined;
  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  /** @param why what happened, as `batch` of the message */
  async tell(clientKeys: readonly string[], why: string, now: Date): Promise<void> {
    if (clientKeys.length === 0) return;
    const producer = await this.#connect();
    const time = now.toISOString();
    const messages = [];
    for (let start = 0; start < clientKeys.length; start += clientsAMessage) {
      const value: ClientsTouched = {
        batch: why,
        client_keys: clientKeys.slice(start, start + clientsAMessage),
        occurred_from: time,
        occurred_to: time,
        stored_at: time,
      };
      messages.push({
        key: value.client_keys[0]!,
        value: JSON.stringify(value),
        headers: cloudEventHeaders({
          id: randomUUID(),
          source: "/keypulse/console",
          type: "keypulse.clients.touched",
          time,
        }),
      });
    }
    await producer.send({ topic: this.#topic, acks: -1, messages });
  }

  #connect(): Promise<Producer> {
    this.#producer ??= (async () => {
      const producer = this.#kafka.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      return producer;
    })().catch((error) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  async close(): Promise<void> {
    await (await this.#producer?.catch(() => undefined))?.disconnect();
  }
}
