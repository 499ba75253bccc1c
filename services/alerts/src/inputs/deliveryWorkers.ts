import type { EngineLogger, Redis } from "@keypulse/engines";
import { type Job, UnrecoverableError, Worker } from "bullmq";
import type { WebhookConsumer } from "../domain/webhook.ts";
import { type DeliveryJob, queueNameOf, queuePrefixOf } from "../outputs/deliveryQueue.ts";
import type { DeliveryResult, DeliveryTask } from "../steps/deliver.ts";

export interface WorkerSettings {
  redisPrefix: string;
  /** Requests to one consumer at a time. */
  concurrency: number;
  /** A job whose worker has not been heard of for so long is another's; up to twice that until it is noticed. */
  lockMs?: number;
}

const defaultLockMs = 15_000;

/** Pause after a fault of our own (Redis away, the service stopping in the middle). */
const ownFaultDelayMs = 5_000;

/** Tells BullMQ when to run the job again. */
class TryAgain extends Error {
  readonly delayMs: number;
  constructor(reason: string, delayMs: number) {
    super(reason);
    this.delayMs = delayMs;
  }
}

/** Takes jobs from each consumer's queue and delivers them; what BullMQ has to know is said here alone. */
export function createDeliveryWorkers(
  redis: Redis,
  consumers: readonly WebhookConsumer[],
  settings: WorkerSettings,
  logger: EngineLogger,
  deliver: (task: DeliveryTask) => Promise<DeliveryResult>,
) {
  const workers = consumers.map((consumer) => {
    const run = async (job: Job<DeliveryJob>): Promise<void> => {
      const { alert, attemptsBefore, checkFirst } = job.data;
      // Started before and neither ended nor put off: whoever ran it was killed, perhaps after sending.
      const interrupted = job.attemptsStarted > job.attemptsMade + 1;
      const result = await deliver({
        alert,
        consumer,
        attempt: attemptsBefore + job.attemptsMade + 1,
        checkFirst: checkFirst || interrupted,
      });
      if (result.outcome === "retry") throw new TryAgain(result.detail, result.delayMs);
      if (result.outcome === "failed" || result.outcome === "disabled") throw new UnrecoverableError(result.detail);
    };
    const worker = new Worker<DeliveryJob>(queueNameOf(consumer.name), run, {
      connection: redis,
      prefix: queuePrefixOf(settings.redisPrefix),
      concurrency: settings.concurrency,
      lockDuration: settings.lockMs ?? defaultLockMs,
      stalledInterval: settings.lockMs ?? defaultLockMs,
      // A service that is killed again and again must not use up a delivery.
      maxStalledCount: 1_000_000,
      settings: {
        backoffStrategy: (_made, _type, error) => (error instanceof TryAgain ? error.delayMs : ownFaultDelayMs),
      },
    });
    // A lost connection is reported by its owner already; BullMQ repeats it.
    worker.on("error", (error) =>
      logger["code" in error ? "debug" : "warn"]({ consumer: consumer.name, reason: error.message }, "delivery worker"),
    );
    return worker;
  });

  return {
    /** Finishes the requests in flight. */
    async stop(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.close()));
    },
    /** Leaves the jobs in hand to others, who take them up when their locks end. */
    async abandon(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.close(true)));
    },
  };
}
