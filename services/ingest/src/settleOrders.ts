import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ordersTouchedSchema, type Topics } from "@keypulse/contracts";
import { type ClickHouse, type EngineLogger, type Kafka, type Producer, type Redis, retry } from "@keypulse/engines";
import { saleRulesOf } from "@keypulse/orders";
import { type OrderRef, OrderTables } from "@keypulse/orders/store";
import type { IngestSettings } from "./config.ts";
import type { RawMessage } from "./domain/outcome.ts";
import { placeOf } from "./domain/topicLife.ts";
import { createRangeConsumer, type RangeTask } from "./inputs/rangeConsumer.ts";
import type { IngestMetrics } from "./metrics.ts";
import { type Announcer, ordersMessages } from "./outputs/announcer.ts";
import { untilInsertsLanded } from "./outputs/insertsInFlight.ts";

/**
 * Most orders of one insert: bounds memory and the length of queries. Many at once cost ClickHouse half as much an order as
 * a few thousand: the fewer parts are written, the less is merged (npm run bench -- orders).
 */
const ordersAnInsert = 16_000;
/** Most messages of one range, each of up to some hundred orders of a source. */
const messagesARange = 400;
/** Kafka answers at some thousand orders, or after the longest wait. */
const minBytes = 64 * 1024;

export const ordersGroup = (ingestGroup: string): string => `${ingestGroup}-orders`;

interface SettleContext {
  kafka: Kafka;
  clickhouse: ClickHouse;
  redis: Redis;
  producer: Producer;
  announcer: Announcer;
  topics: Topics;
  settings: IngestSettings;
  metrics: IngestMetrics;
  logger: EngineLogger;
  lifeOf: (topic: string) => number;
  checkTopics: () => Promise<void>;
}

/**
 * orders.touched → read what is known of each order → fold it to a document → store what changed → announce whose it is.
 *
 * Exactly once by the same means as events: a range of the topic is stored under its own token, and whoever takes the
 * partition over after a crash stores exactly that range again. All orders of a source are in one partition, so that a
 * difference is always made against the version before it.
 */
export function createOrderSettler({
  kafka,
  clickhouse,
  redis,
  producer,
  announcer,
  topics,
  settings,
  metrics,
  logger,
  lifeOf,
  checkTopics,
}: SettleContext) {
  const tables = new OrderTables(clickhouse, saleRulesOf(settings));

  async function settleRange(task: RangeTask): Promise<number> {
    const { topic, partition, first, last, signal } = task;
    const token = `${placeOf(topic, lifeOf(topic))}:${partition}:${first}-${last}`;
    const refs = refsOf(task.messages);
    const untilDone = (step: string, work: () => Promise<void>) =>
      retry(work, {
        minDelayMs: 100,
        maxDelayMs: 5_000,
        attempts: Number.POSITIVE_INFINITY,
        signal,
        onRetry: (error, attempt, delayMs) =>
          logger.warn({ step, topic, partition, first, last, attempt, delayMs, reason: error.name }, "trying again"),
      });
    const start = performance.now();
    // Nothing is decided here but the range itself: what is stored follows from what is stored already.
    if (task.decision === undefined) await task.keep(last, { fill: "settle", duplicates: [] });
    // What a killed worker's insert still feeds would be added by `mend`, and then come.
    if (task.again) await untilDone("wait for inserts", () => untilInsertsLanded(clickhouse, settings));
    /** An insert may have been cut off: what it fed in part is not fed by another, for the documents are there. */
    let triedBefore = task.again;
    const clientKeys = new Set<string>();
    for (let from = 0; from < refs.length; from += ordersAnInsert) {
      const part = refs.slice(from, from + ordersAnInsert);
      await untilDone("settle", async () => {
        const tried = triedBefore;
        triedBefore = true;
        const settled = await tables.settle(part, `${token}/${from}`);
        for (const key of settled.clientKeys) clientKeys.add(key);
        if (tried) {
          const mended = await exclusively(redis, `${settings.REDIS_PREFIX}mending-orders`, () =>
            tables.mend(part, `${token}/${from}`),
          );
          for (const key of mended) clientKeys.add(key);
        }
        triedBefore = task.again;
        metrics.settled.inc(settled.changed);
      });
    }
    const now = Date.now();
    await untilDone("announce", () => announcer.announceSettled(token, [...clientKeys], now, now));
    metrics.timeStep("settle", start);
    return last;
  }

  /**
   * Has orders settled that no document tells of as they are: those of a store from before there were documents, all
   * of them after the rules changed, and any whose announcement was lost.
   */
  async function announceUnsettled(): Promise<number> {
    let orders = 0;
    for await (const part of tables.unsettled()) {
      const bySource = Map.groupBy(part, ({ source }) => source);
      const messages = [...bySource].flatMap(([source, refs]) => [
        ...ordersMessages(
          topics.orders,
          "unsettled",
          source,
          refs.map(({ orderId }) => orderId),
        ),
      ]);
      await producer.send({ topic: topics.orders, acks: -1, messages: messages.map(({ message }) => message) });
      orders += part.length;
    }
    if (orders > 0) logger.info({ orders }, "orders that are not settled yet: settling them");
    return orders;
  }

  const consumer = createRangeConsumer(
    kafka,
    {
      groupId: ordersGroup(settings.INGEST_GROUP),
      topics: [topics.orders],
      lifeOf,
      checkTopics,
      // Nothing is lost with them: what is not settled is found in ClickHouse.
      lost: async () => void (await announceUnsettled()),
      concurrency: settings.INGEST_CONCURRENCY,
      mostMessages: messagesARange,
      mostBytes: settings.INGEST_BATCH_BYTES,
      // What is touched at the same time is settled together.
      minBytes,
      maxWaitMs: settings.INGEST_MAX_WAIT_MS,
      sessionTimeoutMs: settings.INGEST_SESSION_TIMEOUT_MS,
      stopWithinMs: 10_000,
    },
    logger,
    settleRange,
  );

  return { ...consumer, announceUnsettled };
}

/** How long a process that died keeps the others waiting. */
const lockMs = 60_000;

/** Does the work while no other process does work of that name. */
async function exclusively<T>(redis: Redis, name: string, work: () => Promise<T>): Promise<T> {
  const holder = randomUUID();
  while ((await redis.set(name, holder, "PX", lockMs, "NX")) === null) await sleep(100);
  try {
    return await work();
  } finally {
    const release = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end";
    await redis.eval(release, 1, name, holder);
  }
}

/** Orders that messages name, each once; what is no such message (nobody but us writes there) is left out. */
function refsOf(messages: readonly RawMessage[]): OrderRef[] {
  const refs = new Map<string, OrderRef>();
  for (const { value } of messages) {
    const touched = ordersTouchedSchema.safeParse(parse(value));
    if (!touched.success) continue;
    const { source, order_ids } = touched.data;
    for (const orderId of order_ids) refs.set(`${source} ${orderId}`, { source, orderId });
  }
  return [...refs.values()];
}

function parse(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString("utf8") ?? "");
  } catch {
    return undefined;
  }
}
