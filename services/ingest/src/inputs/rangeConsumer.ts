import { type Consumer, type EngineLogger, type Kafka, keepBeating, retry } from "@keypulse/engines";
import type { EachBatchPayload } from "kafkajs";
import type { RawMessage } from "../domain/outcome.ts";
import { readPending, writePending } from "./pendingRange.ts";
import { type CutRange, RangeCutter } from "./rangeCutter.ts";

export interface RangeConsumerSettings {
  groupId: string;
  topics: string[];
  concurrency: number;
  mostMessages: number;
  mostBytes: number;
  minBytes: number;
  maxWaitMs: number;
  sessionTimeoutMs: number;
  /** A range that is not stored by then when the consumer stops is dropped; it is stored again after the next start. */
  stopWithinMs: number;
}

export interface RangeTask extends CutRange {
  topic: string;
  partition: number;
  /** Highest offset of the partition that was stored before this range, or -1 where nothing was. */
  storedBefore: number;
  /** End of the partition when the range was fetched. */
  endOffset: number;
  /** Aborted where the partition was lost: drop what is in hand. */
  signal: AbortSignal;
}

export interface RangeConsumer {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Rejects when the consumer can't go on. */
  failed: Promise<never>;
  /** True between joining the group and losing it. */
  joined(): boolean;
}

/** A partition that was given to us. */
interface Assignment {
  cutter: RangeCutter;
  storedBefore: number;
  /** Offset that must come next; undefined where nothing was ever committed. */
  next: number | undefined;
  /** The last offset that was asked for again, because a batch began behind it. */
  askedAgain: number | undefined;
  /**
   * Named in the commit metadata, but not known to be stored: where storing it failed without the partition being lost,
   * it may be stored all the same, so it comes first and unchanged, whatever is fetched next.
   */
  inHand: CutRange | undefined;
}

/**
 * Consumes partitions range by range, each stored exactly once by `storeRange` whatever crashes between:
 * commit (first, "pending first-last") → storeRange → commit (last + 1). On assignment the metadata is read before
 * anything else, and a pending range is stored again as exactly that range.
 */
export function createRangeConsumer(
  kafka: Kafka,
  settings: RangeConsumerSettings,
  logger: EngineLogger,
  storeRange: (task: RangeTask) => Promise<void>,
): RangeConsumer {
  const consumer: Consumer = kafka.consumer({
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs,
    heartbeatInterval: Math.min(3_000, settings.sessionTimeoutMs / 3),
    rebalanceTimeout: Math.max(30_000, settings.sessionTimeoutMs),
    minBytes: settings.minBytes,
    maxWaitTimeInMs: settings.maxWaitMs,
    maxBytes: settings.mostBytes * 2,
    maxBytesPerPartition: settings.mostBytes,
    allowAutoTopicCreation: false,
    retry: {
      initialRetryTime: 200,
      maxRetryTime: 5_000,
      retries: Number.MAX_SAFE_INTEGER,
      restartOnFailure: async () => true,
    },
  });
  const admin = kafka.admin();

  // An epoch is one membership of the group. What was begun in an earlier one may not commit any more.
  let epoch = new AbortController();
  let assignments: Promise<Map<string, Assignment>> = Promise.resolve(new Map());
  const endEpoch = () => {
    epoch.abort();
    epoch = new AbortController();
    // Until the group says what is ours, batches that are still handed over belong to nobody.
    assignments = Promise.resolve(new Map());
  };

  async function readAssignments(assignment: Record<string, number[]>, signal: AbortSignal) {
    const found = new Map<string, Assignment>();
    const topics = Object.keys(assignment).filter((topic) => assignment[topic]!.length > 0);
    if (topics.length === 0) return found;
    const offsets = await retry(() => admin.fetchOffsets({ groupId: settings.groupId, topics }), {
      minDelayMs: 100,
      maxDelayMs: 2_000,
      attempts: Number.POSITIVE_INFINITY,
      signal,
    });
    for (const { topic, partitions } of offsets) {
      for (const { partition, offset, metadata } of partitions) {
        if (!assignment[topic]!.includes(partition)) continue;
        const pending = readPending(metadata);
        if (pending) logger.info({ topic, partition, ...pending }, "storing a pending range again");
        found.set(`${topic}:${partition}`, {
          cutter: new RangeCutter(pending, settings.mostMessages),
          // Kafka says -1 where nothing was ever committed.
          storedBefore: Math.max(-1, Number(offset) - 1),
          next: Number(offset) < 0 ? undefined : Number(offset),
          askedAgain: undefined,
          inHand: undefined,
        });
      }
    }
    return found;
  }

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset, isRunning } = payload;
    const { topic, partition } = batch;
    const { signal } = epoch;
    const assignment = (await assignments).get(`${topic}:${partition}`);
    if (assignment === undefined || signal.aborted) return;
    const beat = keepBeating(heartbeat, settings.sessionTimeoutMs / 6);
    const own = AbortSignal.any([signal, beat.signal]);
    try {
      const lastOffset = Number(batch.lastOffset());
      const messages = inOrder(assignment, batch.messages.map(toRawMessage));
      if (messages === undefined) {
        logger.warn({ topic, partition, next: assignment.next }, "a batch of an earlier membership: left out");
        consumer.seek({ topic, partition, offset: String(assignment.next) });
        return;
      }
      const ranges = rangesOf(assignment, messages, lastOffset);
      for (const range of ranges) {
        const { first, last } = range;
        if (!range.again) await commit(payload, first, own, writePending(range));
        assignment.inHand = { ...range, again: true };
        const endOffset = Number(batch.highWatermark);
        const { storedBefore } = assignment;
        await storeRange({ ...range, topic, partition, storedBefore, endOffset, signal: own });
        if (own.aborted) break;
        await commit(payload, last + 1, own);
        assignment.inHand = undefined;
        assignment.storedBefore = last;
        assignment.next = last + 1;
        resolveOffset(String(last));
        if (!isRunning()) break;
      }
      // Part of a pending range was gathered: read on, commit nothing.
      if (ranges.length === 0) {
        assignment.next = Math.max(assignment.next ?? 0, lastOffset + 1);
        resolveOffset(String(assignment.next - 1));
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
  async function commit(
    { batch, commitOffsetsIfNecessary }: EachBatchPayload,
    offset: number,
    signal: AbortSignal,
    metadata = "",
  ): Promise<void> {
    signal.throwIfAborted();
    const partitions = [{ partition: batch.partition, offset: String(offset), metadata }];
    await retry(() => commitOffsetsIfNecessary({ topics: [{ topic: batch.topic, partitions }] }), {
      minDelayMs: 100,
      maxDelayMs: 2_000,
      attempts: Number.POSITIVE_INFINITY,
      signal,
      retryable: (error) => (error as Error & { retriable?: boolean }).retriable !== false,
    });
  }

  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  let joined = false;

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    endEpoch();
    joined = true;
    const { signal } = epoch;
    assignments = readAssignments(payload.memberAssignment, signal);
    assignments.catch((error: Error) => {
      if (!signal.aborted) fail(error);
    });
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

  return {
    failed,
    joined: () => joined,
    async start() {
      await admin.connect();
      await consumer.connect();
      await consumer.subscribe({ topics: settings.topics, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: settings.concurrency,
        eachBatch,
      });
    },
    /** Finishes the ranges in hand, as far as that is possible in time, and leaves the group. */
    async stop() {
      const giveUp = setTimeout(endEpoch, settings.stopWithinMs);
      await consumer.stop();
      clearTimeout(giveUp);
      await consumer.disconnect();
      await admin.disconnect();
    },
  };
}

/**
 * The messages that come next, without those that are stored already. kafkajs may hand over what it had fetched before it
 * joined the group again: a batch that begins behind the next offset would leave out what lies between.
 * @returns undefined where the next offset has to be asked for; what begins behind it even then lies behind a real gap.
 */
function inOrder(assignment: Assignment, messages: RawMessage[]): RawMessage[] | undefined {
  const { next } = assignment;
  if (next === undefined) return messages;
  if (messages[0] !== undefined && messages[0].offset > next && assignment.askedAgain !== next) {
    assignment.askedAgain = next;
    return undefined;
  }
  return messages[0] !== undefined && messages[0].offset < next
    ? messages.filter(({ offset }) => offset >= next)
    : messages;
}

/** What is to be stored now: the range in hand as it is, then what the fetch holds beyond it. */
function rangesOf({ cutter, inHand }: Assignment, messages: RawMessage[], lastOffset: number): CutRange[] {
  if (inHand === undefined) return cutter.cut(messages, lastOffset);
  const beyond = messages.filter(({ offset }) => offset > inHand.last);
  return [inHand, ...cutter.cut(beyond, lastOffset)];
}

function toRawMessage(message: EachBatchPayload["batch"]["messages"][number]): RawMessage {
  return {
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: message.headers ?? {},
  };
}
