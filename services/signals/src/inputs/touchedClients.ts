import { clientsTouchedSchema } from "@keypulse/contracts";
import { type Consumer, type EngineLogger, type Kafka, partitionsLookedForEveryMs } from "@keypulse/engines";

/** With more than this, all clients are looked at instead. */
const mostClients = 50_000;

/**
 * Gathers which clients were touched. Offsets are committed as they come: what a crash loses is made good by the
 * evaluation of all clients at the next start.
 */
export class TouchedClients {
  #keys = new Set<string>();
  #overflowed = false;
  #joined = false;
  readonly #consumer: Consumer;
  readonly #topic: string;
  readonly #logger: EngineLogger;
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => {};

  constructor(kafka: Kafka, groupId: string, topic: string, logger: EngineLogger) {
    this.#consumer = kafka.consumer({
      groupId,
      maxWaitTimeInMs: 200,
      allowAutoTopicCreation: false,
      metadataMaxAge: partitionsLookedForEveryMs,
      retry: { retries: Number.MAX_SAFE_INTEGER, restartOnFailure: async () => true },
    });
    this.#topic = topic;
    this.#logger = logger;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  get joined(): boolean {
    return this.#joined;
  }

  async start(): Promise<void> {
    this.#consumer.on(this.#consumer.events.GROUP_JOIN, () => {
      this.#joined = true;
    });
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) this.#fail(payload.error);
    });
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic: this.#topic, fromBeginning: false });
    await this.#consumer.run({
      eachMessage: async ({ message, partition }) => {
        const parsed = clientsTouchedSchema.safeParse(safeJson(message.value));
        if (!parsed.success) {
          this.#logger.warn(
            { topic: this.#topic, partition, offset: message.offset },
            "not a message of this topic: left out",
          );
          return;
        }
        for (const key of parsed.data.client_keys) this.#keys.add(key);
        if (this.#keys.size > mostClients) {
          this.#overflowed = true;
          this.#keys.clear();
        }
      },
    });
  }

  /** Hands over what was gathered; "everybody" where it was too much to name. */
  take(): Set<string> | "everybody" {
    const keys = this.#overflowed ? "everybody" : this.#keys;
    this.#keys = new Set();
    this.#overflowed = false;
    return keys;
  }

  async stop(): Promise<void> {
    await this.#consumer.disconnect();
  }
}

function safeJson(bytes: Buffer | null): unknown {
  try {
    return JSON.parse(bytes?.toString("utf8") ?? "");
  } catch {
    return undefined;
  }
}
