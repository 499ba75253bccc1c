import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
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
import pLimit from "p-limit";
import type { Decision } from "../domain/decision.ts";
import type { RawMessage } from "../domain/outcome.ts";
import { type PendingRange, readLife, readPending, writeNothingPending, writePending } from "./pendingRange.ts";
import { type CutRange, RangeCutter } from "./rangeCutter.ts";
import { toRawMessage } from "./rawMessage.ts";

export interface RangeConsumerSettings {
  groupId: string;
  topics: string[];
  concurrency: number;
  mostMessages: number;
  mostBytes: number;
  minBytes: number;
  maxWaitMs: number;
  sessionTimeoutMs: number;
  /** Number of a topic's life: what was committed in another one says nothing of this. */
  lifeOf: (topic: string) => number;
  /** Looks whether topics are still those whose lives are known; rejects where one was made anew. */
  checkTopics: () => Promise<void>;
  /** Kafka deleted these offsets before they were read. Must not fail for long: nothing is stored meanwhile. */
  lost: (range: { topic: string; partition: number; first: number; last: number }) => Promise<void>;
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
  /**
   * Keeps with the group's position that the range up to `last` is about to be stored, and what was decided about it.
   * Whoever gets the partition after a crash stores exactly that again. To be called before anything is stored.
   */
  keep(last: number, decision: Decision): Promise<void>;
}

export interface RangeConsumer {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Rejects when the consumer can't go on. */
  failed: Promise<never>;
  /** Ranges that the whole group's commits name: they are being stored, or wait to be stored again. */
  pending(): Promise<{ topic: string; life: number; partition: number; first: number; last: number }[]>;
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
  /** Storing of what was fetched last; never rejects. */
  work: Promise<void>;
}

interface PartitionWork {
  topic: string;
  partition: number;
  /** End of the partition when the ranges were fetched. */
  endOffset: number;
  signal: AbortSignal;
  commit(offset: number, metadata?: string): Promise<void>;
}

/** Wait before a range that could not be stored or committed is fetched again. */
const fetchAgainMs = 500;

/**
 * Consumes partitions range by range, each stored exactly once by `storeRange` whatever crashes between: it decides →
 * keeps (first, "pending first-last" and the decision) → stores; then last + 1 is committed. On assignment the metadata
 * is read before anything else, and a pending range is stored again as exactly that range.
 * @param storeRange returns the last offset that it stored: a range may be cut, then the rest comes next.
 */
export function createRangeConsumer(
  kafka: Kafka,
  settings: RangeConsumerSettings,
  logger: EngineLogger,
  storeRange: (task: RangeTask) => Promise<number>,
): RangeConsumer {
  const consumer: Consumer = kafka.consumer({
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs,
    heartbeatInterval: Math.min(3_000, settings.sessionTimeoutMs / 3),
    rebalanceTimeout: Math.max(30_000, settings.sessionTimeoutMs),
    minBytes: settings.minBytes,
    maxWaitTimeInMs: settings.maxWaitMs,
    maxBytes: settings.mostBytes,
    maxBytesPerPartition: settings.mostBytes,
    allowAutoTopicCreation: false,
    metadataMaxAge: partitionsLookedForEveryMs,
    retry: {
      initialRetryTime: 200,
      maxRetryTime: 5_000,
      retries: Number.MAX_SAFE_INTEGER,
      restartOnFailure: async () => true,
    },
  });
  const admin = kafka.admin();
  const inParallel = pLimit(settings.concurrency);
  let stopping = false;

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
    // Where a topic is gone the group joins again, and what it reads then may be another one.
    await settings.checkTopics();
    const offsets = await retry(() => admin.fetchOffsets({ groupId: settings.groupId, topics }), {
      minDelayMs: 100,
      maxDelayMs: 2_000,
      attempts: Number.POSITIVE_INFINITY,
      signal,
    });
    for (const { topic, partitions } of offsets) {
      for (const { partition, offset, metadata } of partitions) {
        if (!assignment[topic]!.includes(partition)) continue;
        if (readLife(metadata) !== settings.lifeOf(topic)) {
          found.set(`${topic}:${partition}`, await fromTheBegin(topic, partition));
          continue;
        }
        const gone = Number(offset) < 0 ? undefined : await goneSince(topic, partition, Number(offset));
        if (gone !== undefined) {
          consumer.seek({ topic, partition, offset: String(gone) });
          found.set(`${topic}:${partition}`, { ...newAssignment(), storedBefore: Number(offset) - 1, next: gone });
          continue;
        }
        const pending = readPending(metadata);
        if (pending) {
          const { first, last, decision } = pending;
          const duplicates = decision?.duplicates.length;
          logger.info({ topic, partition, first, last, duplicates }, "storing a pending range again");
        }
        found.set(`${topic}:${partition}`, {
          cutter: new RangeCutter(pending, settings.mostMessages),
          // Kafka says -1 where nothing was ever committed.
          storedBefore: Math.max(-1, Number(offset) - 1),
          next: Number(offset) < 0 ? undefined : Number(offset),
          askedAgain: undefined,
          work: Promise.resolve(),
        });
      }
    }
    return found;
  }

  /** Of a topic that was made anew: whatever the group committed was about another one. */
  async function fromTheBegin(topic: string, partition: number): Promise<Assignment> {
    const begins = (await admin.fetchTopicOffsets(topic)).find((place) => place.partition === partition)?.low ?? "0";
    consumer.seek({ topic, partition, offset: begins });
    logger.warn({ topic, partition, offset: begins }, "the topic was made anew: reading it from its begin");
    return { ...newAssignment(), next: Number(begins) };
  }

  const newAssignment = (): Assignment => ({
    cutter: new RangeCutter(undefined, settings.mostMessages),
    storedBefore: -1,
    next: undefined,
    askedAgain: undefined,
    work: Promise.resolve(),
  });

  /** Tells what Kafka has deleted of a partition from an offset on. @returns what comes next, undefined where nothing is gone */
  async function goneSince(topic: string, partition: number, offset: number): Promise<number | undefined> {
    const place = (await admin.fetchTopicOffsets(topic)).find((found) => found.partition === partition);
    const low = Number(place?.low ?? 0);
    if (low <= offset) return undefined;
    logger.error({ topic, partition, first: offset, last: low - 1 }, "Kafka deleted events before they were read");
    await settings.lost({ topic, partition, first: offset, last: low - 1 });
    return low;
  }

  /**
   * Hands the ranges of a fetch to work that goes on while kafkajs fetches the next: it waits for all partitions of a
   * fetch before it fetches again, which would leave the engines idle at the end of each.
   */
  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset } = payload;
    const { topic, partition } = batch;
    const { signal } = epoch;
    const assignment = (await assignments).get(`${topic}:${partition}`);
    if (assignment === undefined || signal.aborted) return;
    const beat = keepBeating(heartbeat, settings.sessionTimeoutMs / 6);
    const lost = once(AbortSignal.any([signal, beat.signal]), "abort");
    try {
      await Promise.race([assignment.work, lost]);
      if (stopping || signal.aborted) return;
      if (beat.error) throw beat.error;
      const firstOffset = Number(batch.firstOffset() ?? batch.lastOffset());
      const messages = inOrder(assignment, firstOffset, batch.messages.map(toRawMessage));
      if (messages === undefined) {
        logger.warn(
          { topic, partition, next: assignment.next },
          "a batch that begins behind what comes next: left out",
        );
        consumer.seek({ topic, partition, offset: String(assignment.next) });
        return;
      }
      // It was asked for once more and did not come: deleted, or a hole that compaction or transactions left.
      if (assignment.next !== undefined && firstOffset > assignment.next) {
        await goneSince(topic, partition, assignment.next);
      }
      const lastOffset = Number(batch.lastOffset());
      const ranges = assignment.cutter.cut(messages, assignment.next ?? lastOffset, lastOffset);
      assignment.next = Math.max(assignment.next ?? 0, lastOffset + 1);
      resolveOffset(String(assignment.next - 1));
      const endOffset = Number(batch.highWatermark);
      const work = { topic, partition, endOffset, signal, commit: createCommit(payload, signal) };
      const begun = new Promise<void>((resolve) => {
        assignment.work = inParallel(() => {
          resolve();
          return storeRanges(work, assignment, ranges);
        });
      });
      await Promise.race([begun, lost]);
      if (beat.error && !signal.aborted) throw beat.error;
    } finally {
      beat.stop();
    }
  }

  async function storeRanges(
    { topic, partition, endOffset, signal, commit }: PartitionWork,
    assignment: Assignment,
    ranges: CutRange[],
  ): Promise<void> {
    for (const range of ranges) {
      let first = range.first;
      /** What may be stored in part, and so comes again as exactly that. */
      let pending: PendingRange | undefined = range.again
        ? { first, last: range.last, decision: range.decision }
        : undefined;
      const keep = async (last: number, decision: Decision) => {
        const kept = { first, last, decision };
        await commit(first, writePending(kept, settings.lifeOf(topic)));
        pending = kept;
      };
      try {
        while (first <= range.last) {
          const { storedBefore } = assignment;
          const messages = range.messages.filter(({ offset }) => offset >= first);
          const task = { ...range, first, messages, again: pending !== undefined, decision: pending?.decision };
          const last = await storeRange({ ...task, topic, partition, storedBefore, endOffset, signal, keep });
          await commit(last + 1, writeNothingPending(settings.lifeOf(topic)));
          assignment.storedBefore = last;
          pending = undefined;
          first = last + 1;
        }
      } catch (error) {
        if (signal.aborted) return;
        const { last } = pending ?? range;
        logger.warn({ topic, partition, first, last, reason: (error as Error).message }, "a range is fetched again");
        await sleep(fetchAgainMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        assignment.cutter = new RangeCutter(pending, settings.mostMessages);
        assignment.next = first;
        consumer.seek({ topic, partition, offset: String(first) });
        return;
      }
    }
  }

  /**
   * Not through consumer.commitOffsets(): that says nothing and does nothing while the consumer stops, and where a
   * commit fails because the group rebalances it ends the consumer, or tries again in the next generation.
   */
  function createCommit({ batch, commitOffsetsIfNecessary }: EachBatchPayload, signal: AbortSignal) {
    const { topic, partition } = batch;
    return async (offset: number, metadata = ""): Promise<void> => {
      signal.throwIfAborted();
      const partitions = [{ partition, offset: String(offset), metadata }];
      await retry(() => commitOffsetsIfNecessary({ topics: [{ topic, partitions }] }), {
        minDelayMs: 100,
        maxDelayMs: 2_000,
        attempts: Number.POSITIVE_INFINITY,
        signal,
        retryable: (error) => (error as Error & { retriable?: boolean }).retriable !== false,
      });
    };
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
    // Nothing is fetched before the group's positions are read: kafkajs would commit over one that Kafka no longer has.
    const topics = settings.topics.map((topic) => ({ topic }));
    consumer.pause(topics);
    assignments = readAssignments(payload.memberAssignment, signal).then((found) => {
      if (!signal.aborted && !stopping) consumer.resume(topics);
      return found;
    });
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

  /** Finishes the ranges in hand, as far as that is possible in time, and leaves the group. */
  async function stop(): Promise<void> {
    stopping = true;
    consumer.pause(settings.topics.map((topic) => ({ topic })));
    const inHand = [...(await assignments.catch(() => new Map<string, Assignment>())).values()];
    const giveUp = setTimeout(endEpoch, settings.stopWithinMs);
    await Promise.race([Promise.all(inHand.map(({ work }) => work)), once(epoch.signal, "abort")]);
    clearTimeout(giveUp);
    await consumer.stop();
    await consumer.disconnect();
    await admin.disconnect();
  }
  let stopped: Promise<void> | undefined;

  return {
    failed,
    joined: () => joined,
    async pending() {
      const offsets = await admin.fetchOffsets({ groupId: settings.groupId, topics: settings.topics });
      return offsets.flatMap(({ topic, partitions }) =>
        partitions.flatMap(({ partition, metadata }) => {
          const range = readPending(metadata);
          return range === undefined ? [] : [{ topic, life: readLife(metadata), partition, ...range }];
        }),
      );
    },
    async start() {
      await admin.connect();
      await consumer.connect();
      await consumer.subscribe({ topics: settings.topics, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: settings.concurrency,
        eachBatch: withEmptyFetches(eachBatch),
      });
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/**
 * The messages that come next, without those that are stored already. kafkajs may hand over what it had fetched before it
 * joined the group again: a batch that begins behind the next offset would leave out what lies between.
 * @returns undefined where the next offset has to be asked for; what begins behind it even then lies behind a real gap.
 */
function inOrder(assignment: Assignment, firstOffset: number, messages: RawMessage[]): RawMessage[] | undefined {
  const { next } = assignment;
  if (next === undefined) return messages;
  if (firstOffset > next && assignment.askedAgain !== next) {
    assignment.askedAgain = next;
    return undefined;
  }
  return firstOffset < next ? messages.filter(({ offset }) => offset >= next) : messages;
}
