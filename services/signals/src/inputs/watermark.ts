import { type Admin, type EngineLogger, retry } from "@keypulse/engines";

interface Snapshot {
  takenAtMs: number;
  /** `topic:partition` → end offset. */
  ends: Map<string, number>;
}

const mostSnapshots = 1_000;

/**
 * Up to when everything that Kafka took is stored: ends of partitions are noted with their time; once the ingest group
 * has committed as far as a note says, all that arrived before its time is in ClickHouse. Needs nothing of ingest.
 */
export class Watermark {
  #completeUntilMs = 0;
  #lag = 0;
  #snapshots: Snapshot[] = [];
  readonly #admin: Admin;
  readonly #topics: string[];
  readonly #groupId: string;
  readonly #logger: EngineLogger;

  constructor(admin: Admin, topics: string[], groupId: string, logger: EngineLogger) {
    this.#admin = admin;
    this.#topics = topics;
    this.#groupId = groupId;
    this.#logger = logger;
  }

  /** 0 until the first note was reached. */
  get completeUntilMs(): number {
    return this.#completeUntilMs;
  }

  /** Messages that are not stored yet. */
  get lag(): number {
    return this.#lag;
  }

  /** Looks at Kafka once. */
  async poll(): Promise<void> {
    const takenAtMs = Date.now();
    const [ends, committed] = await retry(() => Promise.all([this.#readEnds(), this.#readCommitted()]), {
      minDelayMs: 200,
      maxDelayMs: 2_000,
      attempts: 3,
      onRetry: (error) => this.#logger.warn({ reason: error.message }, "can't read Kafka's offsets"),
    });
    this.#snapshots.push({ takenAtMs, ends });
    const isReached = (snapshot: Snapshot) =>
      [...snapshot.ends].every(([partition, end]) => (committed.get(partition) ?? 0) >= end);
    while (this.#snapshots.length > 0 && isReached(this.#snapshots[0]!)) {
      this.#completeUntilMs = this.#snapshots.shift()!.takenAtMs;
    }
    // While ingest is far behind, notes pile up; every second one is enough then.
    if (this.#snapshots.length > mostSnapshots) this.#snapshots = this.#snapshots.filter((_, i) => i % 2 === 0);
    this.#lag = [...ends].reduce(
      (sum, [partition, end]) => sum + Math.max(0, end - (committed.get(partition) ?? 0)),
      0,
    );
  }

  async #readEnds(): Promise<Map<string, number>> {
    const ends = new Map<string, number>();
    for (const topic of this.#topics) {
      for (const { partition, high, low } of await this.#admin.fetchTopicOffsets(topic)) {
        // A partition whose messages have all been deleted by retention has nothing to wait for.
        if (Number(high) > Number(low)) ends.set(`${topic}:${partition}`, Number(high));
      }
    }
    return ends;
  }

  async #readCommitted(): Promise<Map<string, number>> {
    const committed = new Map<string, number>();
    const topics = await this.#admin.fetchOffsets({ groupId: this.#groupId, topics: this.#topics });
    for (const { topic, partitions } of topics) {
      for (const { partition, offset } of partitions) committed.set(`${topic}:${partition}`, Number(offset));
    }
    return committed;
  }
}
