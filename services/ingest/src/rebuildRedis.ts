import { setTimeout as sleep } from "node:timers/promises";
import { type EventKind, eventKinds, topicNames } from "@keypulse/contracts";
import {
  type ClickHouse,
  type ClickHouseSettings,
  type EngineLogger,
  type Redis,
  systemTable,
} from "@keypulse/engines";
import type { IdentitySettings } from "@keypulse/identity";
import { rebuildIdentities } from "@keypulse/identity/store";
import type { IngestSettings } from "./config.ts";
import { DuplicateRegistry, RegistryLost, registryWindowStartMs } from "./domain/registry.ts";

const rowsAStep = 20_000;

export interface RebuildReport {
  ids: number;
  links: number;
  keys: number;
}

interface RebuildContext {
  clickhouse: ClickHouse;
  redis: Redis;
  settings: Pick<IngestSettings, "REDIS_PREFIX" | "TOPIC_PREFIX" | "CLICKHOUSE_CLUSTER"> & IdentitySettings;
  logger: EngineLogger;
  onProgress?: (what: "ids" | "links", done: number) => void;
}

/**
 * Fills the duplicates registry and the identity forest again from ClickHouse. Safe to repeat and to run while workers
 * work: they wait until it is done, and links and memberships come to the same end in any order.
 * @returns undefined where another process was at it already; then it is done now.
 */
export async function rebuildRedis(context: RebuildContext): Promise<RebuildReport | undefined> {
  const registry = new DuplicateRegistry(context.redis, context.settings.REDIS_PREFIX);
  for (;;) {
    try {
      const started = Date.now();
      const sinceMs = registryWindowStartMs(started);
      if (await registry.beginRebuild(started, await hasEventsBefore(context.clickhouse, sinceMs))) {
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

async function fill(
  { clickhouse, redis, settings, logger, onProgress }: RebuildContext,
  registry: DuplicateRegistry,
  started: number,
  sinceMs: number,
): Promise<RebuildReport> {
  await untilInsertsLanded(clickhouse, settings);
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
  const topics = topicNames(settings.TOPIC_PREFIX).events;
  // Read before the ids: every id up to these offsets will be filled in.
  const highest = await highestOffsets(clickhouse, topics);
  for (const kind of eventKinds) {
    for await (const part of storedIds(clickhouse, topics[kind], sinceMs)) {
      await registry.claim({ kind, ...part, claimedBefore: -2, lastOffset: -1 });
      await registry.keepRebuild();
      ids += part.ids.length;
      onProgress?.("ids", ids);
    }
  }
  await registry.endRebuild(highest);
  logger.info({ ids, links, keys, tookMs: Date.now() - started }, "Redis is rebuilt");
  return { ids, links, keys };
}

interface IdRow {
  partition: number;
  offset: string;
  source: string;
  event_id: string;
  ms: string;
}

interface IdPart {
  partition: number;
  batchTimeMs: number;
  ids: { source: string; id: string; offset: number }[];
}

/**
 * Ranges that were claimed before Redis lost it may be on their way into ClickHouse, and what they store must be read
 * too. Workers look whether their claim still holds right before they insert, so a second later all is there or to be
 * seen in flight.
 */
async function untilInsertsLanded(
  clickhouse: ClickHouse,
  settings: Pick<ClickHouseSettings, "CLICKHOUSE_CLUSTER">,
): Promise<void> {
  const began = performance.now();
  for (;;) {
    await sleep(1_000);
    const result = await clickhouse.query({
      query: `SELECT count() > 0 AS found FROM ${systemTable(settings, "processes")} WHERE query_kind = 'Insert'
        AND (current_database = currentDatabase() OR is_initial_query = 0) AND elapsed > {seconds: Float64}`,
      query_params: { seconds: (performance.now() - began - 1_000) / 1_000 },
      format: "JSONEachRow",
    });
    const [row] = await result.json<{ found: number | boolean }>();
    if (!row?.found) return;
  }
}

/** Whatever became of the messages, and however long ago. */
async function highestOffsets(clickhouse: ClickHouse, topics: Record<EventKind, string>) {
  const result = await clickhouse.query({
    query: `SELECT topic, partition, toString(max(offset)) AS offset FROM (
        SELECT topic, partition, offset FROM events
        UNION ALL SELECT topic, partition, offset FROM rejected_events
        UNION ALL SELECT topic, partition, offset FROM duplicate_events
      ) GROUP BY topic, partition`,
    format: "JSONEachRow",
  });
  const rows = await result.json<{ topic: string; partition: number; offset: string }>();
  return rows.flatMap(({ topic, partition, offset }) => {
    const kind = eventKinds.find((name) => topics[name] === topic);
    return kind === undefined ? [] : [{ kind, partition, offset: Number(offset) }];
  });
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
    query: `SELECT partition, toString(offset) AS offset, source, event_id, toUnixTimestamp64Milli(received_at) AS ms
      FROM events
      WHERE topic = {topic: String} AND received_at >= fromUnixTimestamp64Milli({since: Int64}, 'UTC')`,
    query_params: { topic, since: sinceMs },
    format: "JSONEachRow",
  });
  const parts = new Map<number, IdPart>();
  for await (const rows of result.stream<IdRow>()) {
    for (const row of rows) {
      const { partition, offset, source, event_id, ms } = row.json();
      const part = parts.get(partition) ?? { partition, batchTimeMs: Number(ms), ids: [] };
      parts.set(partition, part);
      part.ids.push({ source, id: event_id, offset: Number(offset) });
      if (part.ids.length < rowsAStep) continue;
      yield part;
      parts.delete(partition);
    }
  }
  yield* parts.values();
}
