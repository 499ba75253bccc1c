import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouse, EngineLogger, Redis } from "@keypulse/engines";
import type { OffsetRange } from "../domain/batch.ts";

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
const attempts = 30;

/**
 * Looks after the tables that views feed, when ClickHouse was killed. It writes the token of a view's block to its log a
 * moment before the block's part counts: killed in between, it takes the repeated insert for done and holds no row of
 * it (one of some 600 interrupted inserts). `events` is the truth that the others are compared with.
 */
export class FedTables {
  readonly #clickhouse: ClickHouse;
  readonly #redis: Redis;
  readonly #key: string;
  readonly #logger: EngineLogger;
  constructor(clickhouse: ClickHouse, redis: Redis, prefix: string, logger: EngineLogger) {
    this.#clickhouse = clickhouse;
    this.#redis = redis;
    this.#key = `${prefix}mending`;
    this.#logger = logger;
  }

  /** Whether ClickHouse was started after these messages arrived: only then can it have lost a part of theirs. */
  async mayHaveLost(firstArrivedMs: number): Promise<boolean> {
    const clocksDifferMs = 60_000;
    const [row] = await this.#rows<{ startedMs: string }>(
      "SELECT toUnixTimestamp(now() - uptime()) * 1000 AS startedMs",
    );
    return Number(row!.startedMs) + clocksDifferMs > firstArrivedMs;
  }

  /** Resolves when nobody mends: an insert meanwhile would only make the mender look again. */
  async untilMended(signal: AbortSignal): Promise<void> {
    while ((await this.#redis.exists(this.#key)) === 1) await sleep(200, undefined, { signal });
  }

  /**
   * Adds to the fed tables what a stored range should have put there and did not. May be repeated; one process at a time.
   * @returns the tables that were short
   * @throws Error where inserts never paused long enough to be sure
   */
  async mend(range: OffsetRange, signal: AbortSignal): Promise<string[]> {
    const name = randomUUID();
    while ((await this.#redis.set(this.#key, name, "PX", mendingMs, "NX")) === null) {
      await sleep(200, undefined, { signal });
    }
    const alive = setInterval(() => void this.#redis.pexpire(this.#key, mendingMs).catch(() => {}), mendingMs / 4);
    try {
      const missing = await this.#missingRows(await this.#feeds(), range, signal);
      for (const { feed, rows } of missing) {
        this.#logger.warn({ table: feed.table, rows: rows.length }, "ClickHouse lost rows in a crash: adding them");
        await this.#clickhouse.insert({
          table: feed.table,
          format: "JSONEachRow",
          values: rows,
          clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
        });
      }
      return missing.map(({ feed }) => feed.table);
    } finally {
      clearInterval(alive);
      await this.#redis.eval(
        `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`,
        1,
        this.#key,
        name,
      );
    }
  }

  /**
   * An insert shows in `events` before views have fed the others. So: no insert is running after `events` was read, and
   * it reads the same after the others were read; then what they lack is lost.
   */
  async #missingRows(feeds: Feed[], range: OffsetRange, signal: AbortSignal): Promise<MissingRows[]> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const before = await this.#fingerprint(feeds, range);
      if (!(await this.#inserting())) {
        const missing: MissingRows[] = [];
        for (const feed of feeds) {
          const rows = await this.#rows<Record<string, unknown>>(differenceQuery(feed), range);
          if (rows.length > 0) missing.push({ feed, rows });
        }
        if (missing.length === 0) return [];
        const after = await this.#fingerprint(feeds, range);
        if (JSON.stringify(before) === JSON.stringify(after)) return missing;
      }
      await sleep(100 + 50 * attempt, undefined, { signal });
    }
    throw new Error("inserts never paused long enough to compare the tables that views feed");
  }

  async #inserting(): Promise<boolean> {
    const [row] = await this.#rows<{ n: number }>(
      `SELECT toUInt32(count()) AS n FROM system.processes
       WHERE query_kind = 'Insert' AND current_database = currentDatabase()`,
    );
    return row!.n > 0;
  }

  #fingerprint(feeds: Feed[], range: OffsetRange) {
    const parts = feeds.map(
      (feed) =>
        `SELECT '${feed.table}' AS name, count() AS rows, groupBitXor(cityHash64(*)) AS hash FROM (${expected(feed)})`,
    );
    return this.#rows(`SELECT * FROM (${parts.join(" UNION ALL ")}) ORDER BY name`, range);
  }

  async #feeds(): Promise<Feed[]> {
    const views = await this.#rows<{ name: string; select: string }>(
      `SELECT name, replaceAll(as_select, currentDatabase() || '.events', '{{events}}') AS select FROM system.tables
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

  async #rows<T>(query: string, range?: OffsetRange): Promise<T[]> {
    const result = await this.#clickhouse.query({
      query,
      format: "JSONEachRow",
      ...(range && {
        query_params: { topic: range.topic, partition: range.partition, first: range.first, last: range.last },
      }),
    });
    return result.json<T>();
  }
}

const ofRange = `(SELECT * FROM events WHERE topic = {topic: String} AND partition = {partition: UInt32}
  AND offset BETWEEN {first: UInt64} AND {last: UInt64})`;

/** What the view makes of some events. */
const fedBy = ({ select }: Feed, events: string): string => select.replaceAll("{{events}}", `${events} AS events`);

/** Rows that the fed table should hold for the groups that the range touched; of a plain table, those of the range. */
function expected(feed: Feed): string {
  if (feed.sums.length === 0) return fedBy(feed, ofRange);
  const groups = `SELECT ${feed.keys.join(", ")} FROM (${fedBy(feed, ofRange)})`;
  // By primary key where groups are a client's.
  const scope = feed.keys.includes("client_key")
    ? `(SELECT * FROM events WHERE client_key IN (SELECT client_key FROM ${ofRange}))`
    : "(SELECT * FROM events)";
  return `SELECT * FROM (${fedBy(feed, scope)}) WHERE (${feed.keys.join(", ")}) IN (${groups})`;
}

/** Rows to insert so that the fed table holds what is expected. */
function differenceQuery(feed: Feed): string {
  const { table, keys, sums, extremes } = feed;
  const key = keys.join(", ");
  if (sums.length === 0) {
    return `SELECT ${keys.map((name) => `wanted.${name} AS ${name}`).join(", ")}
      FROM (SELECT ${key}, count() AS wanted_rows FROM (${expected(feed)}) GROUP BY ${key}) AS wanted
      LEFT JOIN (SELECT ${key}, count() AS held_rows FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM (${expected(feed)})) GROUP BY ${key}) AS held
      USING (${key})
      ARRAY JOIN range(toUInt64(greatest(toInt64(wanted_rows) - toInt64(held_rows), 0))) AS copy`;
  }
  const differences = sums.map((name) => `wanted.${name} - held_${name} AS ${name}`);
  const held = sums.map((name) => `sum(${table}.${name}) AS held_${name}`);
  return `SELECT ${[...[...keys, ...extremes].map((name) => `wanted.${name} AS ${name}`), ...differences].join(", ")}
    FROM (${expected(feed)}) AS wanted
    LEFT JOIN (SELECT ${key}, ${held.join(", ")} FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM (${expected(feed)})) GROUP BY ${key}) AS held
    USING (${key})
    WHERE ${sums.map((name) => `wanted.${name} > held_${name}`).join(" OR ")}`;
}
