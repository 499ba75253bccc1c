import { type EventKind, eventKinds, topicNames } from "@keypulse/contracts";
import type { ClickHouse, EngineLogger, Redis } from "@keypulse/engines";
import type { IngestSettings } from "./config.ts";
import { IdentityForest } from "./domain/forest.ts";
import { DuplicateRegistry, registryWindowStartMs } from "./domain/registry.ts";
import { IdentityTables } from "./outputs/identityTables.ts";

const rowsAStep = 20_000;

export interface RebuildReport {
  ids: number;
  links: number;
  keys: number;
}

interface RebuildContext {
  clickhouse: ClickHouse;
  redis: Redis;
  settings: Pick<IngestSettings, "REDIS_PREFIX" | "TOPIC_PREFIX">;
  logger: EngineLogger;
  onProgress?: (what: "ids" | "links", done: number) => void;
}

/**
 * Fills the duplicates registry and the identity forest again from ClickHouse. Safe to repeat and to run while workers
 * work: they wait until it is done, and links and memberships come to the same end in any order.
 */
export async function rebuildRedis(context: RebuildContext): Promise<RebuildReport> {
  const { clickhouse, redis, settings, logger, onProgress } = context;
  const started = Date.now();
  const registry = new DuplicateRegistry(redis, settings.REDIS_PREFIX);
  const forest = new IdentityForest(redis, settings.REDIS_PREFIX);
  const tables = new IdentityTables(clickhouse);

  let links = 0;
  for await (const part of tables.links(rowsAStep)) {
    await forest.apply(part);
    links += part.length;
    onProgress?.("links", links);
  }
  const keys = await forest.flush((rows) => tables.storeMap(rows));

  let ids = 0;
  const sinceMs = registryWindowStartMs(started);
  await registry.beginRebuild(started, await hasEventsBefore(clickhouse, sinceMs));
  const topics = topicNames(settings.TOPIC_PREFIX).events;
  const highest = new Map<string, { kind: EventKind; partition: number; offset: number }>();
  for (const kind of eventKinds) {
    for await (const part of storedIds(clickhouse, topics[kind], sinceMs)) {
      await registry.claim({ kind, ...part, claimedBefore: -2, lastOffset: -1 });
      highest.set(`${kind}:${part.partition}`, { kind, partition: part.partition, offset: part.lastOffset });
      ids += part.ids.length;
      onProgress?.("ids", ids);
    }
  }
  await registry.endRebuild([...highest.values()]);
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
  lastOffset: number;
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

/** Ids of one topic by partition and offset, in parts of one partition and generation. */
async function* storedIds(clickhouse: ClickHouse, topic: string, sinceMs: number): AsyncGenerator<IdPart> {
  const result = await clickhouse.query({
    query: `SELECT partition, toString(offset) AS offset, source, event_id, toUnixTimestamp64Milli(received_at) AS ms FROM (
        SELECT partition, offset, source, event_id, received_at FROM events WHERE topic = {topic: String}
        UNION ALL SELECT partition, offset, '', '', received_at FROM rejected_events WHERE topic = {topic: String}
        UNION ALL SELECT partition, offset, '', '', received_at FROM duplicate_events WHERE topic = {topic: String}
      ) WHERE received_at >= fromUnixTimestamp64Milli({since: Int64}, 'UTC')
      ORDER BY partition, offset`,
    query_params: { topic, since: sinceMs },
    format: "JSONEachRow",
  });
  let part: IdPart | undefined;
  for await (const rows of result.stream<IdRow>()) {
    for (const row of rows) {
      const { partition, offset, source, event_id, ms } = row.json();
      if (part !== undefined && (part.partition !== partition || part.ids.length >= rowsAStep)) {
        yield part;
        part = undefined;
      }
      part ??= { partition, batchTimeMs: Number(ms), lastOffset: -1, ids: [] };
      // Offsets of rejected events and duplicates count as claimed too, but hold no id.
      part.lastOffset = Number(offset);
      if (event_id !== "") part.ids.push({ source, id: event_id, offset: Number(offset) });
    }
  }
  if (part !== undefined) yield part;
}
