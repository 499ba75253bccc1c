import type { Alert } from "@keypulse/contracts";
import type { EngineLogger, Redis } from "@keypulse/engines";
import { Queue } from "bullmq";
import type { News } from "../domain/news.ts";
import { type WebhookConsumer, wants } from "../domain/webhook.ts";

/** What a job of BullMQ holds. No secret, no URL: those are looked up when it runs. */
export interface DeliveryJob {
  alert: Alert;
  /** Tries that were made by an earlier job of the same delivery, which Redis lost. */
  attemptsBefore: number;
  /** True where it may have been delivered already. */
  checkFirst: boolean;
}

export interface Delivery {
  consumer: string;
  alert: Alert;
  attemptsBefore: number;
  checkFirst: boolean;
  delayMs: number;
}

export interface QueueDepth {
  consumer: string;
  /** BullMQ's name of it. */
  state: string;
  jobs: number;
}

export const queueNameOf = (consumer: string): string => `deliveries-${consumer}`;
export const queuePrefixOf = (redisPrefix: string): string => `${redisPrefix}alerts`;

/** One job a delivery, whoever adds it however often. */
const jobIdOf = (alertId: string, version: number): string => `${alertId}.${version}`;

/** Between 1 and BullMQ's largest number, lower first: money on a logarithmic scale in steps of 0.002 %. */
export function priorityOf(money: number): number {
  return Math.max(1, 2_000_000 - Math.round(Math.log10(1 + money) * 150_000));
}

/** How long ended jobs are kept, so that a redo finds them. `deliveries` knows of all. */
const keep = { age: 3_600, count: 5_000 };

/** Waiting deliveries in Redis, a queue a consumer, so that a slow receiver holds up nobody else's. */
export class DeliveryQueue {
  readonly #consumers: readonly WebhookConsumer[];
  readonly #queues: Map<string, Queue<DeliveryJob>>;
  readonly #redis: Redis;

  constructor(redis: Redis, redisPrefix: string, consumers: readonly WebhookConsumer[], logger: EngineLogger) {
    this.#redis = redis;
    this.#consumers = consumers;
    this.#queues = new Map(
      consumers.map(({ name }) => {
        const queue = new Queue<DeliveryJob>(queueNameOf(name), {
          connection: redis,
          prefix: queuePrefixOf(redisPrefix),
          // Nobody reads BullMQ's own events.
          streams: { events: { maxLen: 100 } },
        });
        // A lost connection is reported by its owner already; BullMQ repeats it.
        queue.on("error", (error) =>
          logger["code" in error ? "debug" : "warn"]({ consumer: name, reason: error.message }, "queue"),
        );
        return [name, queue];
      }),
    );
  }

  /** Enqueues announced versions for those who want them, worst first as they come. */
  async enqueue(news: readonly News[]): Promise<void> {
    const deliveries = news.flatMap(({ alert, peakMoney, again }) =>
      this.#consumers
        .filter((consumer) => alert.announced && wants(consumer, alert.raised_by, peakMoney))
        .map(({ name }) => ({ consumer: name, alert, attemptsBefore: 0, checkFirst: again, delayMs: 0 })),
    );
    await this.add(deliveries);
  }

  /** Adds what is not there yet. */
  async add(deliveries: readonly Delivery[]): Promise<void> {
    for (const [consumer, list] of Map.groupBy(deliveries, (delivery) => delivery.consumer)) {
      await this.#queues.get(consumer)?.addBulk(
        list.map(({ alert, attemptsBefore, checkFirst, delayMs }) => ({
          name: "deliver",
          data: { alert, attemptsBefore, checkFirst },
          opts: {
            jobId: jobIdOf(alert.id, alert.version),
            priority: priorityOf(alert.money_at_stake),
            delay: delayMs,
            // The schedule decides when it is enough; this bounds faults of our own.
            attempts: 1_000,
            backoff: { type: "schedule" },
            removeOnComplete: keep,
            removeOnFail: keep,
            stackTraceLimit: 1,
          },
        })),
      );
    }
  }

  /** @returns those that Redis has no job of, in their order. */
  async missing<D extends { consumer: string; alertId: string; version: number }>(
    deliveries: readonly D[],
  ): Promise<D[]> {
    const missing: D[] = [];
    const step = 1_000;
    for (let start = 0; start < deliveries.length; start += step) {
      const part = deliveries.slice(start, start + step);
      const pipeline = this.#redis.pipeline();
      for (const { consumer, alertId, version } of part) {
        pipeline.exists(this.#queues.get(consumer)?.toKey(jobIdOf(alertId, version)) ?? "");
      }
      const answers = (await pipeline.exec()) ?? [];
      for (const [index, [error, exists]] of answers.entries()) {
        if (error) throw error;
        if (exists === 0) missing.push(part[index]!);
      }
    }
    return missing;
  }

  /** Takes away all jobs, also ended ones, of some alerts. @returns how many */
  async removeOf(isGone: (alert: Alert) => boolean): Promise<{ removed: number; inHand: number }> {
    let [removed, inHand] = [0, 0];
    for (const queue of this.#queues.values()) {
      const jobs = await queue.getJobs(["active", "prioritized", "waiting", "delayed", "completed", "failed"]);
      for (const job of jobs) {
        if (job === undefined || !isGone(job.data.alert)) continue;
        // One that a worker has in hand is locked.
        await job.remove().then(
          () => (removed += 1),
          () => (inHand += 1),
        );
      }
    }
    return { removed, inHand };
  }

  /** Jobs by consumer and state, for the metrics. */
  async depths(): Promise<QueueDepth[]> {
    const states = ["prioritized", "delayed", "active"] as const;
    const counted = [...this.#queues].map(async ([consumer, queue]) => {
      const counts = await queue.getJobCounts(...states);
      return states.map((state) => ({ consumer, state, jobs: counts[state] ?? 0 }));
    });
    return (await Promise.all(counted)).flat();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }
}
