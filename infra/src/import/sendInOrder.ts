import type { Producer } from "@keypulse/engines";
import type { KafkaMessage } from "@keypulse/sources";
import { ImportError } from "./importError.ts";

/** A batch is what a crash can send twice; ids let it count once. */
const batchBytes = 512 * 1024;
const acknowledgedWithinMs = 60_000;
/** Of Ctrl-C: what is on its way is waited for a little. */
const patienceMs = 5_000;

/**
 * Sends messages in their order, a batch after the other; the next one is gathered while one is on its way.
 * `mark` is what the caller knows at the end of a batch; it comes back once all in-sync replicas have the batch.
 */
export class OrderedSender<Mark> {
  readonly #producer: Producer;
  readonly #signal: AbortSignal;
  readonly #onAcknowledged: (mark: Mark) => void;
  #batch: KafkaMessage[] = [];
  #bytes = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(producer: Producer, signal: AbortSignal, onAcknowledged: (mark: Mark) => void) {
    this.#producer = producer;
    this.#signal = signal;
    this.#onAcknowledged = onAcknowledged;
  }

  /** Whether the batch must be sent before more is added. */
  get full(): boolean {
    return this.#bytes >= batchBytes;
  }

  add(messages: readonly KafkaMessage[]): void {
    this.#batch.push(...messages);
    for (const { key, value } of messages) this.#bytes += key.length + value.length;
  }

  /** Resolves when the batch before is acknowledged and this one is on its way. @throws ImportError of the one before */
  async send(mark: Mark): Promise<void> {
    await this.#sending;
    const topics = Map.groupBy(this.#batch, ({ topic }) => topic);
    this.#batch = [];
    this.#bytes = 0;
    this.#sending = this.#acknowledged(topics).then(() => this.#onAcknowledged(mark));
    // Whoever awaits it next hears of it; until then it is no unhandled rejection.
    this.#sending.catch(() => {});
  }

  /** Resolves when all that was sent is acknowledged. @throws ImportError */
  async settled(): Promise<void> {
    await this.#sending;
  }

  async #acknowledged(topics: Map<string, KafkaMessage[]>): Promise<void> {
    if (topics.size === 0) return;
    const sending = this.#producer.sendBatch({
      acks: -1,
      topicMessages: [...topics].map(([topic, list]) => ({
        topic,
        messages: list.map(({ key, value, headers }) => ({ key, value, headers })),
      })),
    });
    sending.catch(() => {});
    const { promise: late, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(new ImportError("Kafka does not acknowledge what is sent to it."));
    const timers = [setTimeout(giveUp, acknowledgedWithinMs)];
    const onAbort = (): void => void timers.push(setTimeout(giveUp, patienceMs));
    this.#signal.addEventListener("abort", onAbort, { once: true });
    if (this.#signal.aborted) onAbort();
    try {
      await Promise.race([sending, late]);
    } catch (error) {
      throw error instanceof ImportError
        ? error
        : new ImportError(`Kafka did not take it: ${(error as Error).message}`);
    } finally {
      timers.forEach(clearTimeout);
      this.#signal.removeEventListener("abort", onAbort);
    }
  }
}
