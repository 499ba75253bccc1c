import { type EventKind, eventKinds, topicNames } from "@keypulse/contracts";
import { connectClickHouse, connectKafka, connectProducer, connectRedis, retry } from "@keypulse/engines";
import { createIdentityResolver, identityFingerprint } from "@keypulse/identity";
import { GraphLost, IdentityStore } from "@keypulse/identity/store";
import { createLogger, createMetrics, type RunningService, serveHealth } from "@keypulse/service-kit";
import type { IngestSettings } from "./config.ts";
import { newBatch } from "./domain/batch.ts";
import { applyDecision, cutToFit, decisionOf } from "./domain/decision.ts";
import { DuplicateRegistry, RegistryLost } from "./domain/registry.ts";
import { placeOf } from "./domain/topicLife.ts";
import { createRangeConsumer, type RangeTask } from "./inputs/rangeConsumer.ts";
import { Suppressions } from "./inputs/suppressions.ts";
import { TopicLives } from "./inputs/topicLives.ts";
import { createIngestMetrics } from "./metrics.ts";
import { Announcer } from "./outputs/announcer.ts";
import { EventTables } from "./outputs/eventTables.ts";
import { FedTables } from "./outputs/fedTables.ts";
import { LostRanges } from "./outputs/lostRanges.ts";
import { OldEvents } from "./outputs/oldEvents.ts";
import { rebuildRedis, reviveRedis } from "./rebuildRedis.ts";
import { createOrderSettler } from "./settleOrders.ts";
import { createDropDuplicates } from "./steps/dropDuplicates.ts";
import { createLinkIdentities } from "./steps/linkIdentities.ts";
import { createReadEvents } from "./steps/readEvents.ts";

/** How often ranges that were stored again are looked at; there are none but after a crash of ClickHouse. */
const mendEveryMs = 2_000;
/** How soon it is noticed that a topic was deleted and made again. */
const lookAtTopicsEveryMs = 5_000;

/** Kafka → decode → validate → drop duplicates → link identities → store → announce. */
export async function startIngest(settings: IngestSettings): Promise<RunningService> {
  const logger = createLogger("ingest", settings.LOG_LEVEL);
  const registry = createMetrics("ingest");
  const metrics = createIngestMetrics(registry);

  const kafka = connectKafka(settings, "keypulse-ingest", logger);
  const clickhouse = connectClickHouse(settings, "keypulse-ingest", {
    maxConnections: settings.INGEST_CONCURRENCY * 3,
  });
  const redis = connectRedis(settings, "keypulse-ingest", logger);
  const producer = await connectProducer(kafka);
  const topics = topicNames(settings.TOPIC_PREFIX);
  const kindOf = new Map<string, EventKind>(eventKinds.map((kind) => [topics.events[kind], kind]));

  const resolveIdentity = createIdentityResolver({ defaultCountry: settings.WORKSPACE_COUNTRY }, settings);
  const duplicateRegistry = new DuplicateRegistry(redis, settings.REDIS_PREFIX);
  const identities = new IdentityStore({ redis, clickhouse }, settings.REDIS_PREFIX, settings);
  const eventTables = new EventTables(clickhouse, logger);
  const fedTables = new FedTables(
    { clickhouse, redis },
    settings.REDIS_PREFIX,
    async () => (await consumer.pending()).map((range) => ({ ...range, topic: placeOf(range.topic, range.life) })),
    logger,
    settings,
  );
  const lostRanges = new LostRanges(clickhouse);
  const lives = new TopicLives(kafka, clickhouse, [...Object.values(topics.events), topics.orders], logger);
  const announcer = new Announcer(producer, topics, logger);

  const suppressions = new Suppressions(clickhouse, logger);
  const readEvents = createReadEvents(resolveIdentity, suppressions);
  const dropDuplicates = createDropDuplicates(duplicateRegistry, new OldEvents(clickhouse));
  const linkIdentities = createLinkIdentities(identities);

  /**
   * All partitions find out at about the same time that Redis was emptied; one rebuild serves them all.
   * @returns whether a rebuild that began after the call is done; else one that others had begun is.
   */
  let rebuilding: Promise<unknown> | undefined;
  async function rebuild(evenIfWhole = false): Promise<boolean> {
    if (rebuilding !== undefined) {
      await rebuilding;
      return false;
    }
    const context = { kafka, clickhouse, redis, settings, logger, lifeOf: (topic: string) => lives.of(topic) };
    const work = evenIfWhole
      ? rebuildRedis(context)
      : reviveRedis(context).then((whole) => (whole ? undefined : rebuildRedis(context)));
    rebuilding = work.finally(() => {
      rebuilding = undefined;
    });
    await rebuilding;
    return (await work) !== undefined;
  }

  /** Other settings than identities were worked out by: all of them are worked out again, from the ledger. */
  async function prepareIdentities(): Promise<void> {
    const filledBy = await identities.graph.settings();
    if (filledBy !== undefined && filledBy !== identityFingerprint(settings)) {
      logger.info({}, "the IDENTITY_ settings changed: working out again who is who");
      await rebuild(true);
    }
  }

  /** When ranges in hand were begun. */
  const inHand = new Set<{ beganMs: number; waitsFor: string; place: string }>();
  /** Why the work does not get done, where a range waits for too long; steps are tried without end. */
  const stuck = (): string | undefined => {
    const oldest = [...inHand].sort((a, b) => a.beganMs - b.beganMs)[0];
    const waitedMs = oldest === undefined ? 0 : Date.now() - oldest.beganMs;
    if (waitedMs <= settings.INGEST_READY_WITHIN_MS) return undefined;
    return `${oldest!.place} waits for ${Math.round(waitedMs / 1000)} s at the step "${oldest!.waitsFor}"`;
  };

  async function storeRange(task: RangeTask): Promise<number> {
    const { topic, partition, first, last } = task;
    const work = { beganMs: Date.now(), waitsFor: "read", place: `${topic}:${partition}:${first}-${last}` };
    inHand.add(work);
    try {
      return await storeRangeInSteps(task, (step) => {
        work.waitsFor = step;
      });
    } finally {
      inHand.delete(work);
    }
  }

  async function storeRangeInSteps(task: RangeTask, begins: (step: string) => void): Promise<number> {
    const { topic, partition, first, last, messages } = task;
    const life = lives.of(topic);
    const range = { topic: placeOf(topic, life), life, kind: kindOf.get(topic)!, partition, first, last };
    const batch = newBatch(range, messages);
    /** Nothing is given up: a step is tried until it succeeds or the partition is another worker's. */
    const untilDone = async (step: string, work: () => Promise<unknown>) => {
      begins(step);
      const start = performance.now();
      await retry(work, {
        minDelayMs: 100,
        maxDelayMs: 5_000,
        attempts: Number.POSITIVE_INFINITY,
        signal: task.signal,
        retryable: (error) => !(error instanceof RegistryLost || error instanceof GraphLost),
        onRetry: (error, attempt, delayMs) =>
          logger.warn(
            { step, topic, partition, first, last, attempt, delayMs, reason: describeError(error) },
            "trying again",
          ),
      });
      metrics.timeStep(step, start);
    };

    const start = performance.now();
    readEvents(batch);
    metrics.timeStep("read", start);
    /** An earlier version of ingest was cut off here: it decided anew at each try, so what it stored stands. */
    const undecided = task.again && task.decision === undefined;
    if (undecided) {
      await untilDone("look for what is stored", () => eventTables.leaveOutStored(batch));
    }
    let { decision } = task;
    let claimedBefore = task.storedBefore;
    let triedBefore = task.again;
    const claimAndStore = async () => {
      let fill: string | undefined;
      await untilDone("drop duplicates", async () => {
        if (decision !== undefined) {
          fill = await duplicateRegistry.standsIn({ ...batch.range, decision });
          if (fill !== undefined) return applyDecision(batch, decision);
        }
        decision = undefined;
        fill = await dropDuplicates(batch, claimedBefore);
      });
      await untilDone("link", async () => metrics.links.inc(await linkIdentities(batch)));
      if (decision === undefined && !undecided) {
        const { kind } = range;
        await untilDone("keep", async () => {
          if (!(await duplicateRegistry.seal(fill!, { kind, life, partition, offset: last }))) throw claimsLost();
          cutToFit(batch);
          decision = decisionOf(batch, fill!);
          await task.keep(batch.range.last, decision);
        });
      }
      await untilDone("store", async () => {
        await fedTables.untilMended(task.signal);
        // After the decision is kept and before the insert: whoever fills an emptied Redis has either read the decision,
        // or this sees that the claims are gone.
        if (!(await duplicateRegistry.holds(fill!))) throw claimsLost();
        const tried = triedBefore;
        triedBefore = true;
        await eventTables.store(batch, tried);
        if (tried && messages[0] !== undefined) await fedTables.note(batch.range, messages[0].timestampMs);
      });
    };
    while (!(await holdsClaims(claimAndStore))) {
      await untilDone("rebuild", async () => {
        // A rebuild that began after the loss was noticed knows all that was stored of this partition.
        if (await rebuild()) claimedBefore = -1;
      });
    }
    await untilDone("announce", () => announcer.announce(batch));
    task.signal.throwIfAborted();
    metrics.stored(batch, topic, task.endOffset);
    logger.debug(metrics.describe(batch), "stored");
    return batch.range.last;
  }

  const consumer = createRangeConsumer(
    kafka,
    {
      groupId: settings.INGEST_GROUP,
      topics: Object.values(topics.events),
      lifeOf: (topic) => lives.of(topic),
      checkTopics: () => checkTopics(),
      lost: async ({ topic, partition, first, last }) => {
        metrics.lost.inc({ topic, partition: String(partition) }, last - first + 1);
        await retry(() => lostRanges.write({ topic: placeOf(topic, lives.of(topic)), partition, first, last }), {
          minDelayMs: 100,
          maxDelayMs: 5_000,
          attempts: Number.POSITIVE_INFINITY,
        });
      },
      concurrency: settings.INGEST_CONCURRENCY,
      mostMessages: settings.INGEST_BATCH_EVENTS,
      mostBytes: settings.INGEST_BATCH_BYTES,
      minBytes: settings.INGEST_MIN_BYTES,
      maxWaitMs: settings.INGEST_MAX_WAIT_MS,
      sessionTimeoutMs: settings.INGEST_SESSION_TIMEOUT_MS,
      stopWithinMs: 10_000,
    },
    logger,
    storeRange,
  );
  /** Topics that are made anew end the worker: the next one begins with what they are then. */
  let missingTopics: string[] = [];
  const remade = Promise.withResolvers<never>();
  remade.promise.catch(() => {});
  const lookAtTopics = async () => {
    const { changed, missing } = await lives.look();
    missingTopics = missing;
    if (changed.length > 0) remade.reject(new Error(`made anew while they were read: ${changed.join(", ")}`));
    return changed;
  };
  /** Rejects where one was made anew. */
  const checkTopics = async () => {
    const changed = await retry(lookAtTopics, {
      minDelayMs: 100,
      maxDelayMs: 2_000,
      attempts: Number.POSITIVE_INFINITY,
    });
    if (changed.length > 0) await remade.promise;
  };
  const settler = createOrderSettler({
    ...{ kafka, clickhouse, redis, producer, announcer, topics, settings, metrics, logger },
    lifeOf: (topic) => lives.of(topic),
    checkTopics,
  });
  const health = await serveHealth(settings, registry, async () => ({
    kafka: consumer.joined() && settler.joined() ? undefined : "has not joined the consumer group yet",
    work: stuck(),
    topics: missingTopics.length === 0 ? undefined : `do not exist: ${missingTopics.join(", ")}`,
    redis: redis.status === "ready" ? await duplicateRegistry.fault() : `connection is ${redis.status}`,
    clickhouse: (await clickhouse.ping({ select: true })).success ? undefined : "does not answer",
  }));
  const prepare = async () => {
    await lives.read();
    await suppressions.start();
    await prepareIdentities();
    await settler.announceUnsettled();
  };
  await retry(prepare, {
    minDelayMs: 200,
    maxDelayMs: 5_000,
    attempts: Number.POSITIVE_INFINITY,
    onRetry: (error) => logger.warn({ reason: describeError(error) }, "waiting for the engines"),
  });
  await Promise.all([consumer.start(), settler.start()]);
  const mending = setInterval(() => {
    fedTables
      .mend()
      // Orders were settled without the messages that were lost.
      .then((short) => (short?.includes("order_messages") ? settler.announceUnsettled() : undefined))
      .catch((error: Error) => logger.warn({ reason: describeError(error) }, "can't compare fed tables"));
    // What a worker left behind when it was killed.
    identities.settleOwed(Date.now()).catch((error: Error) => {
      if (!(error instanceof GraphLost)) logger.warn({ reason: describeError(error) }, "can't store identities");
    });
  }, mendEveryMs);
  const looking = setInterval(() => {
    lookAtTopics().catch((error: Error) => logger.warn({ reason: describeError(error) }, "can't look at the topics"));
  }, lookAtTopicsEveryMs);
  logger.info({ address: health.url, topics: Object.values(topics.events) }, "started");

  return {
    logger,
    failed: Promise.race([consumer.failed, settler.failed, remade.promise]),
    async stop() {
      clearInterval(mending);
      clearInterval(looking);
      suppressions.stop();
      await consumer.stop();
      await settler.stop();
      await producer.disconnect();
      await clickhouse.close();
      redis.disconnect();
      await health.close();
    },
  };
}

/** @returns false where Redis was emptied before the work was done */
async function holdsClaims(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof RegistryLost || error instanceof GraphLost) return false;
    throw error;
  }
}

const claimsLost = () => new RegistryLost("Redis lost the claims of this range");

/** Codes and kinds only: messages of ClickHouse quote the rows that it could not read. */
function describeError(error: Error): string {
  const { code } = error as { code?: string };
  return code ? `${error.name} ${code}` : error.message.slice(0, 200);
}
