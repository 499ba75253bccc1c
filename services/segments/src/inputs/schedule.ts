import type { EngineLogger, Redis } from "@keypulse/engines";
import { Queue, Worker } from "bullmq";

const name = "evaluations";

/** A job whose worker has not been heard of for so long is another's, twice that after a kill at worst. */
const lockMs = 6_000;

/**
 * Runs work again and again, once in the workspace however many instances there are: one queue in Redis, one job of it at
 * a time. What fails is logged and done again at the next turn.
 */
export async function scheduleEvery(
  everyMs: number,
  parts: { redis: Redis; workerRedis: Redis; redisPrefix: string; logger: EngineLogger },
  work: () => Promise<void>,
): Promise<{ stop(): Promise<void> }> {
  const prefix = `${parts.redisPrefix}segments`;
  const quiet = (error: Error) => parts.logger.debug({ reason: error.message }, "segments queue");
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
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: 1_000_000,
  });
  worker.on("error", quiet);
  worker.on("failed", (_job, error) =>
    parts.logger.warn({ reason: error.message.slice(0, 200) }, "an evaluation failed: the next turn does it again"),
  );
  return {
    /** Finishes the evaluation in hand; the schedule stays for other instances. */
    async stop() {
      await worker.close();
      await queue.close();
    },
  };
}
