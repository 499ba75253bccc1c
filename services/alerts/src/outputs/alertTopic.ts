import { cloudEventHeaders, type Producer } from "@keypulse/engines";
import { nameUuid } from "@keypulse/identity";
import { changeOf, type News } from "../domain/news.ts";

/** The topic `alerts`: every version, keyed by client. At least once: a version told again has the same `ce_id`. */
export class AlertTopic {
  readonly #producer: Producer;
  readonly #topic: string;
  constructor(producer: Producer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
  }

  /** In the order given. kafkajs makes one record batch of what it is handed, so that is bounded. */
  async publish(news: readonly News[]): Promise<void> {
    for (const messages of inParts(news.map(messageOf))) {
      await this.#producer.send({ topic: this.#topic, acks: -1, messages });
    }
  }
}

const mostPartBytes = 1024 * 1024;

interface AlertMessage {
  key: string;
  value: Buffer;
  headers: Record<string, string>;
}

function messageOf({ alert }: News): AlertMessage {
  return {
    key: alert.client_id,
    value: Buffer.from(JSON.stringify(alert)),
    headers: cloudEventHeaders({
      id: nameUuid(`alert:${alert.id}:${alert.version}`),
      source: "/keypulse/alerts",
      type: `keypulse.alert.${changeOf(alert)}`,
      time: alert.updated_at,
      subject: alert.id,
    }),
  };
}

function* inParts(messages: readonly AlertMessage[]): Generator<AlertMessage[]> {
  let part: AlertMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (part.length > 0 && bytes + message.value.length > mostPartBytes) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += message.value.length;
  }
  if (part.length > 0) yield part;
}
