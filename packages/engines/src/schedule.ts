import { Queue, Worker } from "bullmq";
import type { EngineLogger } from "./logger.ts";
import type { Redis } from "./redis.ts";

export interface Schedule {
  /** Of the service, in front of the queue's keys. */
  redisPrefix: string;
  /** What is done; the queue's name. */
  name: string;
  everyMs: number;
  /** Longer than the work ever keeps the event loop busy: a worker that was not heard of for so long lost its job. */
  lockMs: number;
}

/**
 * Runs work again and again, once in the workspace however many instances there are: one queue in Redis, one job of it at
 * a time. What fails is logged and done again at the next turn.
 */
export async function scheduleEvery(
  { redisPrefix: prefix, name, everyMs, lockMs }: Schedule,
  parts: { redis: Redis; workerRedis: Redis; logger: EngineLogger },
  work: () => Promise<void>,
): Promise<{ stop(): Promise<void> }> {
  const quiet = (error: Error) => parts.logger.debug({ reason: error.message, queue: name }, "queue");
  const queue = new Queue(name, { connection: parts.redis, prefix });
  queue.on("error", quiet);
  await queue.setGlobalConcurrency(1);
  await queue.upsertJobScheduler(
    "every",
    { every: everyMs },
    { opts: { removeOnComplete: true, removeOnFail: 10, attempts: 1 } },
  );
  const worker = new Worker(name, work, {
    connection: parts.workerRedis,
    prefix,
    concurrency: 1,
    // Another instance takes the job over after this, twice that after a kill at worst.
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: 1_000_000,
  });
  worker.on("error", quiet);
  worker.on("failed", (_job, error) =>
    parts.logger.warn({ reason: error.message.slice(0, 200), queue: name }, "failed: the next turn does it again"),
  );
  return {
    /** Finishes the work in hand; the schedule stays for other instances. */
    async stop() {
      await worker.close();
      await queue.close();
    },
  };
}
