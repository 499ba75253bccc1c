import {
  type Consumer,
  type EngineLogger,
  type Kafka,
  keepBeating,
  partitionsLookedForEveryMs,
  retry,
  withEmptyFetches,
} from "@keypulse/engines";
import type { EachBatchPayload } from "kafkajs";
import type { RawSignal } from "../steps/readSignals.ts";

export interface SignalConsumerSettings {
  groupId: string;
  topic: string;
  sessionTimeoutMs: number;
}

export interface SignalTask {
  partition: number;
  messages: RawSignal[];
  /** Messages of the partition behind this task. */
  lag: number;
  /** Aborted where the partition was lost: drop what is in hand. */
  signal: AbortSignal;
}

export interface SignalConsumer {
  start(): Promise<void>;
  /** Finishes the batches in hand, leaves the group. */
  stop(): Promise<void>;
  /** Rejects when the consumer can't go on. */
  failed: Promise<never>;
  /** True between joining the group and losing it. */
  joined(): boolean;
}

/** Signals handled together: bounds the versions loaded and the time between commits. */
const mostMessages = 1_000;
const partitionsAtOnce = 4;

/** Consumes the topic batch by batch; an offset is committed when `handle` has returned. */
export function createSignalConsumer(
  kafka: Kafka,
  { groupId, topic, sessionTimeoutMs }: SignalConsumerSettings,
  logger: EngineLogger,
  handle: (task: SignalTask) => Promise<void>,
): SignalConsumer {
  const consumer: Consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.min(3_000, sessionTimeoutMs / 3),
    rebalanceTimeout: Math.max(30_000, sessionTimeoutMs),
    minBytes: 1,
    maxWaitTimeInMs: 250,
    maxBytesPerPartition: 4 * 1024 * 1024,
    allowAutoTopicCreation: false,
    metadataMaxAge: partitionsLookedForEveryMs,
    retry: {
      initialRetryTime: 200,
      maxRetryTime: 5_000,
      retries: Number.MAX_SAFE_INTEGER,
      restartOnFailure: async () => true,
    },
  });

  // An epoch is one membership of the group. What was begun in an earlier one may not commit any more.
  let epoch = new AbortController();
  let joined = false;
  const endEpoch = () => {
    epoch.abort();
    epoch = new AbortController();
  };
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    endEpoch();
    joined = true;
    logger.info({ assignment: payload.memberAssignment }, "joined the group");
  });
  consumer.on(consumer.events.REBALANCING, () => {
    joined = false;
    endEpoch();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    joined = false;
    endEpoch();
    if (!payload.restart) fail(payload.error);
  });

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset, isRunning } = payload;
    const { signal } = epoch;
    const beat = keepBeating(heartbeat, sessionTimeoutMs / 6);
    const own = AbortSignal.any([signal, beat.signal]);
    const { partition, messages } = batch;
    try {
      for (let start = 0; start < messages.length || start === 0; start += mostMessages) {
        const part = messages.slice(start, start + mostMessages);
        // The end of a fetch may lie behind its last message where Kafka keeps records that are none.
        const last = start + mostMessages < messages.length ? Number(part.at(-1)!.offset) : Number(batch.lastOffset());
        await handle({
          partition,
          messages: part.map(({ offset, value }) => ({ partition, offset, value })),
          lag: Math.max(0, Number(batch.highWatermark) - 1 - last),
          signal: own,
        });
        if (own.aborted) break;
        await commit(payload, last + 1, own);
        resolveOffset(String(last));
        if (!isRunning()) break;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw beat.error ?? error;
    } finally {
      beat.stop();
    }
    if (beat.error && !signal.aborted) throw beat.error;
  }

  /**
   * Not through consumer.commitOffsets(): that says nothing and does nothing while the consumer stops, and where a
   * commit fails because the group rebalances it ends the consumer, or tries again in the next generation.
   */
  async function commit(payload: EachBatchPayload, offset: number, signal: AbortSignal): Promise<void> {
    const partitions = [{ partition: payload.batch.partition, offset: String(offset) }];
    await retry(() => payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions }] }), {
      minDelayMs: 100,
      maxDelayMs: 2_000,
      attempts: Number.POSITIVE_INFINITY,
      signal,
      // kafkajs says so of its own errors; its class has no name for ES modules to import.
      retryable: (error) => (error as { retriable?: boolean }).retriable !== false,
    });
  }

  return {
    failed,
    joined: () => joined,
    async start() {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: partitionsAtOnce,
        eachBatch: withEmptyFetches(eachBatch),
      });
    },
    async stop() {
      await consumer.stop();
      await consumer.disconnect();
    },
  };
}
