import { setTimeout as sleep } from "node:timers/promises";
import { type EngineLogger, type Kafka, within } from "@keypulse/engines";
import type { KafkaMessage } from "@keypulse/sources";
import { Partitioners } from "kafkajs";

/** Kafka does not take messages now: nothing was accepted, the sender has to try again. */
export class KafkaAway extends Error {
  override name = "KafkaAway";
  readonly retryAfterSeconds = 5;
}

interface Waiting {
  messages: readonly KafkaMessage[];
  bytes: number;
  done(error?: Error): void;
}

/** Most bytes of one send: larger ones are no faster, and take several times as much memory while they are encoded. */
const bytesASend = 256 * 1024;
/** Requests wait for this much at most; what would come on top is answered with 503. */
const mostWaitingBytes = 32 * 1024 * 1024;
const sendWithinMs = 5_000;
const probeEveryMs = 500;

/**
 * Hands messages to Kafka; a promise resolves when all in-sync replicas have them. While a send is on its way what
 * arrives is gathered for the next, so that many small requests share one. One send at a time keeps the order.
 */
export class EventProducer {
  readonly #producer;
  readonly #admin;
  readonly #logger: EngineLogger;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> | undefined;
  #away = true;
  #closing = false;

  constructor(kafka: Kafka, logger: EngineLogger) {
    this.#logger = logger;
    this.#producer = kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 3 },
    });
    this.#admin = kafka.admin({ retry: { retries: 0 } });
    void this.#untilBack();
  }

  away(): boolean {
    return this.#away;
  }

  /** @throws KafkaAway at once while Kafka is away, or where it does not acknowledge in time */
  publish(messages: readonly KafkaMessage[]): Promise<void> {
    if (messages.length === 0) return Promise.resolve();
    const bytes = messages.reduce((sum, { value, key }) => sum + value.length + key.length + 200, 0);
    if (this.#away || this.#closing) return Promise.reject(new KafkaAway("Kafka is away"));
    if (this.#waitingBytes + bytes > mostWaitingBytes) {
      return Promise.reject(new KafkaAway("too many requests wait for Kafka"));
    }
    return new Promise((resolve, reject) => {
      this.#waitingBytes += bytes;
      this.#waiting.push({ messages, bytes, done: (error) => (error ? reject(error) : resolve()) });
      this.#sending ??= this.#sendAll();
    });
  }

  /** Sends what waits, then disconnects. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#sending;
    await Promise.allSettled([this.#producer.disconnect(), this.#admin.disconnect()]);
  }

  async #sendAll(): Promise<void> {
    // Requests of the same turn of the event loop go together.
    await null;
    while (this.#waiting.length > 0) {
      const part = this.#nextPart();
      let fault: KafkaAway | undefined;
      try {
        const topics = Map.groupBy(
          part.flatMap(({ messages }) => messages),
          ({ topic }) => topic,
        );
        const send = this.#producer.sendBatch({
          acks: -1,
          timeout: sendWithinMs,
          topicMessages: [...topics].map(([topic, list]) => ({
            topic,
            messages: list.map(({ key, value, headers }) => ({ key, value, headers })),
          })),
        });
        await within(sendWithinMs, send, "Kafka did not acknowledge");
      } catch (error) {
        this.#logger.warn({ reason: (error as Error).message }, "Kafka is away: answering 503");
        fault = new KafkaAway("Kafka did not take the events");
      }
      if (fault !== undefined) {
        this.#away = true;
        part.push(...this.#waiting.splice(0));
        void this.#untilBack();
      }
      for (const { bytes, done } of part) {
        this.#waitingBytes -= bytes;
        done(fault);
      }
    }
    this.#sending = undefined;
  }

  #nextPart(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      if (count > 0 && bytes + waiting.bytes > bytesASend) break;
      bytes += waiting.bytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #untilBack(): Promise<void> {
    while (!this.#closing) {
      try {
        await within(
          2_000,
          (async () => {
            await this.#producer.connect();
            await this.#admin.connect();
            await this.#admin.describeCluster();
          })(),
          "Kafka does not answer",
        );
        this.#away = false;
        return;
      } catch {
        await sleep(probeEveryMs);
      }
    }
  }
}
