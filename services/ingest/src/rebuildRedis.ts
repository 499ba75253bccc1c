import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type EventKind, eventKinds, topicNames } from "@keypulse/contracts";
import type { ClickHouse, EngineLogger, Kafka, Redis } from "@keypulse/engines";
import { createIdentityResolver } from "@keypulse/identity";
import { rebuildIdentities } from "@keypulse/identity/store";
import type { IngestSettings } from "./config.ts";
import { newBatch } from "./domain/batch.ts";
import { applyDecision } from "./domain/decision.ts";
import { type DecidedRange, DuplicateRegistry, RegistryLost, registryWindowStartMs } from "./domain/registry.ts";
import { lifeOfPlace, placeOf } from "./domain/topicLife.ts";
import { type GroupPositions, readGroupPositions, readRanges } from "./inputs/groupPositions.ts";
import { createReadEvents } from "./steps/readEvents.ts";

const rowsAStep = 20_000;

export interface RebuildReport {
  ids: number;
  links: number;
  keys: number;
}

interface RebuildContext {
  kafka: Kafka;
  clickhouse: ClickHouse;
  redis: Redis;
  settings: IngestSettings;
  /** In which life topics are. */
  lifeOf: (topic: string) => number;
  logger: EngineLogger;
  onProgress?: (what: "ids" | "links", done: number) => void;
}

/**
 * Fills the duplicates registry and the identity forest again from ClickHouse, and from Kafka what is decided and may not
 * be stored yet. Safe to repeat and to run while workers work: they wait until it is done, and links and memberships
 * come to the same end in any order.
 * @returns undefined where another process was at it already; then it is done now.
 */
export async function rebuildRedis(context: RebuildContext): Promise<RebuildReport | undefined> {
  const registry = new DuplicateRegistry(context.redis, context.settings.REDIS_PREFIX);
  for (;;) {
    try {
      const started = Date.now();
      const sinceMs = registryWindowStartMs(started);
      if (await registry.beginRebuild(started, await hasEventsBefore(context.clickhouse, sinceMs))) {
        context.logger.info({}, "Redis does not know what is stored: filling it from ClickHouse");
        return await fill(context, registry, started, sinceMs);
      }
      while (await registry.isBeingRebuilt()) await sleep(200);
      return undefined;
    } catch (error) {
      if (!(error instanceof RegistryLost)) throw error;
      context.logger.warn({}, "Redis was emptied while it was filled: starting again");
    }
  }
}

/**
 * After a restart of Redis: what it knows is taken for whole where it has all that the group's positions speak of.
 * @returns whether it is; else it has to be filled.
 */
export async function reviveRedis(context: RebuildContext): Promise<boolean> {
  const { redis, settings } = context;
  const { claimed, decided } = await positionsOf(context);
  return await new DuplicateRegistry(redis, settings.REDIS_PREFIX).revive(claimed, decided);
}

async function positionsOf({ kafka, settings, lifeOf }: RebuildContext): Promise<GroupPositions> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await readGroupPositions(admin, settings.INGEST_GROUP, topicNames(settings.TOPIC_PREFIX), lifeOf);
  } finally {
    await admin.disconnect();
  }
}

/**
 * A worker keeps with the group's position what it decided about a range, looks whether Redis still holds its claims, and
 * only then stores. So at the time when the positions are read here, what was lost falls into three: ranges that are
 * committed are in ClickHouse; those that are decided are read from Kafka again, for their rows may come at any time;
 * all others are not stored and will be decided anew.
 */
async function fill(
  context: RebuildContext,
  registry: DuplicateRegistry,
  started: number,
  sinceMs: number,
): Promise<RebuildReport> {
  const { kafka, clickhouse, redis, settings, logger, onProgress } = context;
  const alive = setInterval(() => void registry.keepRebuild().catch(() => {}), 5_000);
  try {
    const { claimed, decided } = await positionsOf(context);
    const { links, keys } = await rebuildIdentities(
      { redis, clickhouse },
      settings.REDIS_PREFIX,
      settings,
      async (done) => {
        await registry.keepRebuild();
        onProgress?.("links", done);
      },
    );

    let ids = 0;
    const topics = topicNames(settings.TOPIC_PREFIX);
    const claim = async (kind: EventKind, part: IdPart) => {
      await registry.claim({ kind, ...part, claimedBefore: -2, lastOffset: -1 });
      await registry.keepRebuild();
      ids += part.ids.length;
      onProgress?.("ids", ids);
    };
    for (const kind of eventKinds) {
      for await (const part of storedIds(clickhouse, topics.events[kind], sinceMs)) await claim(kind, part);
    }
    for await (const { kind, part } of decidedIds(kafka, settings, decided)) await claim(kind, part);
    await registry.endRebuild(claimed, decided);
    logger.info({ ids, links, keys, decided: decided.length, tookMs: Date.now() - started }, "Redis is rebuilt");
    return { ids, links, keys };
  } finally {
    clearInterval(alive);
  }
}

/** Ids of the events that decided ranges were found to carry first. */
async function* decidedIds(kafka: Kafka, settings: IngestSettings, decided: readonly DecidedRange[]) {
  const topics = topicNames(settings.TOPIC_PREFIX);
  const readEvents = createReadEvents(createIdentityResolver({ defaultCountry: settings.WORKSPACE_COUNTRY }, settings));
  const lists = await readRanges(kafka, `${settings.INGEST_GROUP}-rebuild-${randomUUID()}`, topics, decided);
  for (const [index, { kind, life, partition, first, last, decision }] of decided.entries()) {
    const topic = placeOf(topics.events[kind], life);
    const batch = newBatch({ topic, life, kind, partition, first, last }, lists[index]!);
    readEvents(batch);
    applyDecision(batch, decision);
    const ids = batch.accepted.map(({ source, id, message }) => ({ source, id, offset: message.offset }));
    yield { kind, part: { life, partition, batchTimeMs: batch.messages[0]?.timestampMs ?? 0, ids } };
  }
}

interface IdRow {
  topic: string;
  partition: number;
  offset: string;
  source: string;
  event_id: string;
  ms: string;
}

interface IdPart {
  life: number;
  partition: number;
  batchTimeMs: number;
  ids: { source: string; id: string; offset: number }[];
}

async function hasEventsBefore(clickhouse: ClickHouse, ms: number): Promise<boolean> {
  const result = await clickhouse.query({
    query:
      "SELECT count() > 0 AS found FROM (SELECT 1 FROM events WHERE received_at < fromUnixTimestamp64Milli({ms: Int64}, 'UTC') LIMIT 1)",
    query_params: { ms },
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ found: number }>();
  return row?.found === 1;
}

/** Ids of one topic in parts of one partition, in no order: each is stored once. */
async function* storedIds(clickhouse: ClickHouse, topic: string, sinceMs: number): AsyncGenerator<IdPart> {
  const result = await clickhouse.query({
    query: `SELECT topic, partition, toString(offset) AS offset, source, event_id, toUnixTimestamp64Milli(received_at) AS ms
      FROM events
      WHERE (topic = {topic: String} OR startsWith(topic, concat({topic: String}, '@'))) AND received_at >= fromUnixTimestamp64Milli({since: Int64}, 'UTC')`,
    query_params: { topic, since: sinceMs },
    format: "JSONEachRow",
  });
  const parts = new Map<string, IdPart>();
  for await (const rows of result.stream<IdRow>()) {
    for (const row of rows) {
      const { topic: place, partition, offset, source, event_id, ms } = row.json();
      const name = `${place}:${partition}`;
      const part = parts.get(name) ?? { life: lifeOfPlace(place).life, partition, batchTimeMs: Number(ms), ids: [] };
      parts.set(name, part);
      part.ids.push({ source, id: event_id, offset: Number(offset) });
      if (part.ids.length < rowsAStep) continue;
      yield part;
      parts.delete(name);
    }
  }
  yield* parts.values();
}
