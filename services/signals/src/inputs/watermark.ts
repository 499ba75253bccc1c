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

/**
 * Up to when everything is stored **and orders are settled**: revenue of what ingest has stored is known only when the
 * group that settles orders has done with what ingest announced before it committed.
 */
export class SettledWatermark {
  readonly #ingest: Watermark;
  readonly #orders: Watermark;
  /** Times up to which events are stored, with the time at which that was seen: announcements are older. */
  #stored: { untilMs: number; seenMs: number }[] = [];
  #completeUntilMs = 0;

  constructor(ingest: Watermark, orders: Watermark) {
    this.#ingest = ingest;
    this.#orders = orders;
  }

  /** 0 until the first note was reached. */
  get completeUntilMs(): number {
    return this.#completeUntilMs;
  }

  /** Messages that are not stored, or whose orders are not settled, yet. */
  get lag(): number {
    return this.#ingest.lag + this.#orders.lag;
  }

  /** Looks at Kafka once. */
  async poll(): Promise<void> {
    await this.#ingest.poll();
    const untilMs = this.#ingest.completeUntilMs;
    if (untilMs > (this.#stored.at(-1)?.untilMs ?? this.#completeUntilMs)) {
      this.#stored.push({ untilMs, seenMs: Date.now() });
    }
    await this.#orders.poll();
    while (this.#stored.length > 0 && this.#orders.completeUntilMs >= this.#stored[0]!.seenMs) {
      this.#completeUntilMs = this.#stored.shift()!.untilMs;
    }
  }
}
