import { hash } from "node:crypto";
import type { Redis } from "@keypulse/engines";
import type { WebhookConsumer } from "../domain/webhook.ts";

/**
 * Consumers whose receiver answered 410: a hash in Redis, field by consumer, holding a fingerprint of the URL, so that
 * a consumer with a new URL is tried again. Lost with Redis, it comes back with the next 410.
 */
export class DisabledConsumers {
  readonly #redis: Redis;
  readonly #key: string;
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#key = `${prefix}alerts:disabled`;
  }

  async disable(consumer: WebhookConsumer): Promise<void> {
    await this.#redis.hset(this.#key, consumer.name, fingerprint(consumer));
  }

  async has(consumer: WebhookConsumer): Promise<boolean> {
    return (await this.#redis.hget(this.#key, consumer.name)) === fingerprint(consumer);
  }

  /** Names of those of the list that are disabled. */
  async among(consumers: readonly WebhookConsumer[]): Promise<Set<string>> {
    const marks = await this.#redis.hgetall(this.#key);
    return new Set(
      consumers.filter((consumer) => marks[consumer.name] === fingerprint(consumer)).map(({ name }) => name),
    );
  }
}

const fingerprint = ({ url }: WebhookConsumer): string => hash("sha256", url, "hex");
