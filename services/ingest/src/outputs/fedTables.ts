import { hash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ClickHouse,
  type ClickHouseSettings,
  type EngineLogger,
  type Redis,
  systemTable,
} from "@keypulse/engines";
import { connectShards, type Shard } from "@keypulse/warehouse";
import type { OffsetRange } from "../domain/batch.ts";

type PositionRange = Omit<OffsetRange, "kind" | "life">;

/** A table that a materialized view fills from `events`. */
interface Feed {
  table: string;
  /** The view's SELECT, with `{{events}}` where it names the table. */
  select: string;
  /** Columns that name a row; of a table without aggregates all. */
  keys: string[];
  /** Columns that are added up. */
  sums: string[];
  /** Columns of which the smallest or the largest counts: inserting them twice does no harm. */
  extremes: string[];
}

interface MissingRows {
  feed: Feed;
  rows: Record<string, unknown>[];
}

/** A process that mends and is silent for so long has died; the others wait for it no longer. */
const mendingMs = 4_000;

/**
 * Looks after the tables that views feed, when ClickHouse was killed. It writes the token of a view's block to its log a
 * moment before the block's part counts: killed in between, it takes the repeated insert for done and holds no row of
 * it (one of some 600 interrupted inserts). `events` is the truth that the others are compared with.
 *
 * Ranges that were stored again are noted in Redis and compared later, when nothing can be on its way any more.
 */
export class FedTables {
  readonly #clickhouse: ClickHouse;
  readonly #redis: Redis;
  readonly #lock: string;
  readonly #noted: string;
  readonly #pending: () => Promise<PositionRange[]>;
  readonly #logger: EngineLogger;
  readonly #settings: ClickHouseSettings | undefined;

  /**
   * @param pending ranges that are named in the group's commits: they may be stored already, or in part
   * @param settings how to reach the shards of a cluster
   */
  constructor(
    engines: { clickhouse: ClickHouse; redis: Redis },
    prefix: string,
    pending: () => Promise<PositionRange[]>,
    logger: EngineLogger,
    settings?: ClickHouseSettings,
  ) {
    this.#clickhouse = engines.clickhouse;
    this.#redis = engines.redis;
    this.#lock = `${prefix}mending`;
    this.#noted = `${prefix}to-mend`;
    this.#pending = pending;
    this.#logger = logger;
    this.#settings = settings;
  }

  /**
   * Notes a range that was stored again, where ClickHouse was started after its messages arrived: only then can it have
   * lost a part of theirs.
   */
  async note({ topic, partition, first, last }: PositionRange, firstArrivedMs: number): Promise<void> {
    const clocksDifferMs = 60_000;
    const [row] = await this.#rows<{ ms: string }>(
      `SELECT max(toUnixTimestamp(now() - uptime())) * 1000 AS ms FROM ${systemTable(this.#settings ?? {}, "one")}`,
    );
    if (Number(row!.ms) + clocksDifferMs < firstArrivedMs) return;
    await this.#redis.sadd(this.#noted, JSON.stringify({ topic, partition, first, last }));
  }

  /** Resolves when nobody mends: an insert meanwhile would only make the mender look again. */
  async untilMended(signal: AbortSignal): Promise<void> {
    while ((await this.#redis.exists(this.#lock)) === 1) await sleep(100, undefined, { signal });
  }

  /**
   * Adds to the fed tables what a noted range should have put there and did not: one range a call, for inserts wait
   * meanwhile. May be called at any time; where others are at work it does nothing, and the next call may.
   * @returns the tables that were short, or undefined where ranges are still noted
   */
  async mend(): Promise<string[] | undefined> {
    const [text, more] = await this.#redis.srandmember(this.#noted, 2);
    if (text === undefined) return [];
    const name = randomUUID();
    if ((await this.#redis.set(this.#lock, name, "PX", mendingMs, "NX")) === null) return undefined;
    const alive = setInterval(() => void this.#redis.pexpire(this.#lock, mendingMs).catch(() => {}), mendingMs / 4);
    let shards: Shard[] = [];
    try {
      shards = await this.#connectShards();
      const short = new Set<string>();
      const range = JSON.parse(text) as PositionRange;
      for (const shard of shards) {
        const missing = await this.#missingRows(shard, await this.#feeds(), range);
        if (missing === undefined) return undefined;
        for (const { feed, rows } of missing) {
          this.#logger.warn({ table: feed.table, rows: rows.length }, "ClickHouse lost rows in a crash: adding them");
          await this.#add(shard, feed.table, rows, text);
          short.add(feed.table);
        }
      }
      await this.#redis.srem(this.#noted, text);
      return more === undefined ? [...short] : undefined;
    } finally {
      clearInterval(alive);
      await Promise.all(
        shards.map(({ clickhouse }) => (clickhouse === this.#clickhouse ? undefined : clickhouse.close())),
      );
      await this.#redis.eval(
        `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`,
        1,
        this.#lock,
        name,
      );
    }
  }

  /** Views feed tables of their own shard, so each is compared with its own events. */
  async #connectShards(): Promise<Shard[]> {
    if (this.#settings?.CLICKHOUSE_CLUSTER === undefined) {
      return [{ clickhouse: this.#clickhouse, nameOf: (table) => table }];
    }
    return await connectShards(this.#settings, "keypulse-ingest-mend");
  }

  /** Whoever was killed while it added them may have succeeded: the same rows of a range are taken once. */
  async #add(
    { clickhouse, nameOf }: Shard,
    table: string,
    rows: Record<string, unknown>[],
    range: string,
  ): Promise<void> {
    await clickhouse.insert({
      table: nameOf(table),
      format: "JSONEachRow",
      values: rows,
      clickhouse_settings: {
        async_insert: 0,
        wait_end_of_query: 1,
        insert_deduplicate: 1,
        insert_deduplication_token: `mend:${hash("sha1", range + JSON.stringify(rows))}`,
      },
    });
  }

  /**
   * What views owe for the range. An insert shows in `events` before views have fed the others, and one that was cut
   * off feeds them when it is repeated. So: after `events` was read no insert is running, no pending range has rows in
   * `events`, and it reads the same after the others were read; then what they lack is lost.
   * @returns undefined where that is not so now
   */
  async #missingRows(shard: Shard, feeds: Feed[], range: PositionRange): Promise<MissingRows[] | undefined> {
    const before = await this.#fingerprint(shard, feeds, range);
    if ((await this.#inserting()) || (await this.#pendingHaveRows())) return undefined;
    const missing: MissingRows[] = [];
    for (const feed of feeds) {
      const rows = await this.#rows<Record<string, unknown>>(differenceQuery(feed, shard), range, shard);
      if (rows.length > 0) missing.push({ feed, rows });
    }
    const after = await this.#fingerprint(shard, feeds, range);
    return JSON.stringify(before) === JSON.stringify(after) ? missing : undefined;
  }

  async #pendingHaveRows(): Promise<boolean> {
    for (const range of await this.#pending()) {
      const [row] = await this.#rows<{ n: number }>(`SELECT toUInt32(count()) AS n FROM ${ofRange("events")}`, range);
      if (row!.n > 0) return true;
    }
    return false;
  }

  async #inserting(): Promise<boolean> {
    // What one server of a cluster inserts for another has no database of its own.
    const [row] = await this.#rows<{ n: number }>(
      `SELECT toUInt32(count()) AS n FROM ${systemTable(this.#settings ?? {}, "processes")}
       WHERE query_kind = 'Insert' AND (current_database = currentDatabase() OR is_initial_query = 0)`,
    );
    return row!.n > 0;
  }

  #fingerprint(shard: Shard, feeds: Feed[], range: PositionRange) {
    const parts = feeds.map(
      (feed) =>
        `SELECT '${feed.table}' AS name, count() AS rows, groupBitXor(cityHash64(*)) AS hash FROM (${expected(feed, shard)})`,
    );
    return this.#rows(`SELECT * FROM (${parts.join(" UNION ALL ")}) ORDER BY name`, range, shard);
  }

  async #feeds(): Promise<Feed[]> {
    const views = await this.#rows<{ name: string; select: string }>(
      `SELECT name, replaceRegexpAll(as_select, currentDatabase() || '\\\\.events(_local)?\\\\b', '{{events}}') AS select FROM system.tables
       WHERE database = currentDatabase() AND engine = 'MaterializedView' AND position(select, '{{events}}') > 0`,
    );
    const feeds: Feed[] = [];
    for (const { name, select } of views) {
      const table = name.replace(/^feed_/, "");
      const columns = await this.#rows<{ name: string; type: string }>(
        `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${table}'`,
      );
      const named = (pattern: RegExp) => columns.filter(({ type }) => pattern.test(type)).map((column) => column.name);
      feeds.push({
        table,
        select,
        keys: columns.filter(({ type }) => !type.startsWith("SimpleAggregateFunction")).map((column) => column.name),
        sums: named(/^SimpleAggregateFunction\(sum/),
        extremes: named(/^SimpleAggregateFunction\((min|max)/),
      });
    }
    return feeds;
  }

  async #rows<T>(
    query: string,
    range?: PositionRange,
    { clickhouse } = { clickhouse: this.#clickhouse },
  ): Promise<T[]> {
    const result = await clickhouse.query({
      query,
      format: "JSONEachRow",
      ...(range && {
        query_params: { topic: range.topic, partition: range.partition, first: range.first, last: range.last },
      }),
    });
    return result.json<T>();
  }
}

const ofRange = (
  events: string,
): string => `(SELECT * FROM ${events} WHERE topic = {topic: String} AND partition = {partition: UInt32}
  AND offset BETWEEN {first: UInt64} AND {last: UInt64})`;

/** What the view makes of some events. */
const fedBy = ({ select }: Feed, events: string): string => select.replaceAll("{{events}}", `${events} AS events`);

/** Rows that the fed table should hold for the groups that the range touched; of a plain table, those of the range. */
function expected(feed: Feed, { nameOf }: Shard): string {
  const events = nameOf("events");
  if (feed.sums.length === 0) return fedBy(feed, ofRange(events));
  const groups = `SELECT ${feed.keys.join(", ")} FROM (${fedBy(feed, ofRange(events))})`;
  // By primary key where groups are a client's.
  const scope = feed.keys.includes("client_key")
    ? `(SELECT * FROM ${events} WHERE client_key IN (SELECT client_key FROM ${ofRange(events)}))`
    : `(SELECT * FROM ${events})`;
  return `SELECT * FROM (${fedBy(feed, scope)}) WHERE (${feed.keys.join(", ")}) IN (${groups})`;
}

/** Rows to insert so that the fed table holds what is expected. */
function differenceQuery(feed: Feed, shard: Shard): string {
  const { keys, sums, extremes } = feed;
  const table = shard.nameOf(feed.table);
  const key = keys.join(", ");
  if (sums.length === 0) {
    return `SELECT ${keys.map((name) => `wanted.${name} AS ${name}`).join(", ")}
      FROM (SELECT ${key}, count() AS wanted_rows FROM (${expected(feed, shard)}) GROUP BY ${key}) AS wanted
      LEFT JOIN (SELECT ${key}, count() AS held_rows FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM (${expected(feed, shard)})) GROUP BY ${key}) AS held
      USING (${key})
      ARRAY JOIN range(toUInt64(greatest(toInt64(wanted_rows) - toInt64(held_rows), 0))) AS copy`;
  }
  const differences = sums.map((name) => `wanted.${name} - held_${name} AS ${name}`);
  const held = sums.map((name) => `sum(${table}.${name}) AS held_${name}`);
  return `SELECT ${[...[...keys, ...extremes].map((name) => `wanted.${name} AS ${name}`), ...differences].join(", ")}
    FROM (${expected(feed, shard)}) AS wanted
    LEFT JOIN (SELECT ${key}, ${held.join(", ")} FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM (${expected(feed, shard)})) GROUP BY ${key}) AS held
    USING (${key})
    WHERE ${sums.map((name) => `wanted.${name} > held_${name}`).join(" OR ")}`;
}
