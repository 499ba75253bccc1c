import { type EventKind, eventKinds, type Topics } from "@keypulse/contracts";
import type { Admin, Kafka } from "@keypulse/engines";
import type { RawMessage } from "../domain/outcome.ts";
import type { ClaimedPosition, DecidedRange } from "../domain/registry.ts";
import { readLife, readPending } from "./pendingRange.ts";
import { toRawMessage } from "./rawMessage.ts";

export interface GroupPositions {
  /** By partition: all up to there was claimed. */
  claimed: ClaimedPosition[];
  /** Ranges that are about to be stored, or are stored already. */
  decided: DecidedRange[];
}

/**
 * Where the group of ingest workers stands, from its commits.
 * @param lifeOf in which life topics are now; what was committed in an earlier one can't be read again.
 */
export async function readGroupPositions(
  admin: Admin,
  groupId: string,
  topics: Topics,
  lifeOf: (topic: string) => number,
): Promise<GroupPositions> {
  const kindOf = new Map<string, EventKind>(eventKinds.map((kind) => [topics.events[kind], kind]));
  const found: GroupPositions = { claimed: [], decided: [] };
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: [...kindOf.keys()] })) {
    const kind = kindOf.get(topic)!;
    for (const { partition, offset, metadata } of partitions) {
      const life = readLife(metadata);
      if (life !== lifeOf(topic)) continue;
      const pending = readPending(metadata);
      if (pending?.decision) found.decided.push({ ...pending, decision: pending.decision, kind, life, partition });
      // Kafka says -1 where nothing was ever committed.
      const highest = pending?.decision ? pending.last : Number(offset) - 1;
      if (highest >= 0) found.claimed.push({ kind, life, partition, offset: highest });
    }
  }
  return found;
}

/** Messages of decided ranges, a list for each, read beside the group. What Kafka no longer has is left out. */
export async function readRanges(
  kafka: Kafka,
  groupId: string,
  topics: Topics,
  ranges: readonly DecidedRange[],
): Promise<RawMessage[][]> {
  const lists = ranges.map((): RawMessage[] => []);
  if (ranges.length === 0) return lists;
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 });
  try {
    await admin.connect();
    const open = new Map<string, { list: RawMessage[]; first: number; last: number }>();
    for (const [index, { kind, partition, first, last }] of ranges.entries()) {
      const topic = topics.events[kind];
      const offsets = (await admin.fetchTopicOffsets(topic)).find((place) => place.partition === partition);
      const from = Math.max(first, Number(offsets?.low ?? 0));
      const to = Math.min(last, Number(offsets?.high ?? 0) - 1);
      if (from <= to) open.set(`${topic}:${partition}`, { list: lists[index]!, first: from, last: to });
    }
    if (open.size === 0) return lists;
    const { promise: finished, resolve: finish, reject: fail } = Promise.withResolvers<void>();
    finished.catch(() => {});
    consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
    const readPast = (topic: string, partition: number, offset: number) => {
      const range = open.get(`${topic}:${partition}`);
      if (range === undefined || offset < range.last) return;
      open.delete(`${topic}:${partition}`);
      consumer.pause([{ topic, partitions: [partition] }]);
      if (open.size === 0) finish();
    };
    // A fetch of nothing but records of transactions is not handed over; this tells of it all the same.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
      readPast(payload.topic, payload.partition, Number(payload.lastOffset)),
    );
    await consumer.connect();
    await consumer.subscribe({
      topics: [...new Set(ranges.map(({ kind }) => topics.events[kind]))],
      fromBeginning: true,
    });
    const joined = Promise.withResolvers<Record<string, number[]>>();
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => joined.resolve(payload.memberAssignment));
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const range = open.get(`${batch.topic}:${batch.partition}`);
        if (range === undefined) return;
        for (const message of batch.messages.map(toRawMessage)) {
          if (message.offset >= range.first && message.offset <= range.last) range.list.push(message);
        }
      },
    });
    for (const [topic, partitions] of Object.entries(await joined.promise)) {
      for (const partition of partitions) {
        const range = open.get(`${topic}:${partition}`);
        if (range === undefined) consumer.pause([{ topic, partitions: [partition] }]);
        else {
          range.list.length = 0;
          consumer.seek({ topic, partition, offset: String(range.first) });
        }
      }
    }
    await finished;
    return lists;
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => {});
    await admin.disconnect();
  }
}
