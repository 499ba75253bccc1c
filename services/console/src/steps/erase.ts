import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouse, EngineLogger, Redis } from "@keypulse/engines";
import { type IdentityStore, packKey, unpackKey } from "@keypulse/identity/store";
import { fillSubject, type NamedSubject, type PersonalTable, personalTables } from "@keypulse/warehouse";
import { z } from "zod";
import type { TouchedTopic } from "../outputs/touchedTopic.ts";

export interface Subject {
  kind: "person" | "client";
  /** Leaf keys of all their identifiers. */
  keys: string[];
  /** Identifiers as kind:value. */
  names: string[];
  /** What a person is called in texts about the companies that it belongs to, or once did. */
  mentions: string[];
  /** Those companies. */
  clients: string[];
}

export interface Erasure {
  id: string;
  subject: "person" | "client";
  state: "running" | "done";
  /** Rows found and taken away, by table; other services' steps by their name. */
  erased: Record<string, number>;
  reason: string;
  who: string;
  requested_at: string;
  done_at: string | null;
}

export interface ErasureSettings {
  redisPrefix: string;
  /** Until every worker has heard of it and what it had in hand is stored. */
  waitMs: number;
  /** How long other services may take to say that they have done their part. */
  answerMs: number;
  /** Changes rows on every server that holds some, and waits for it. */
  mutate: (table: string, change: string) => Promise<void>;
}

interface RunningErasure {
  id: string;
  names: string[];
  mentions: string[];
  clients: string[];
}

const mostRounds = 5;
const lockMs = 60_000;
const erasedSchema = z.record(z.string(), z.number());

/** Takes a person or a client out of everything that Keypulse keeps, so that they can't come back, and proves it. */
export class Erasures {
  readonly #clickhouse: ClickHouse;
  readonly #redis: Redis;
  readonly #store: IdentityStore;
  readonly #touched: TouchedTopic;
  readonly #logger: EngineLogger;
  readonly #settings: ErasureSettings;

  constructor(
    parts: { clickhouse: ClickHouse; redis: Redis; store: IdentityStore; touched: TouchedTopic; logger: EngineLogger },
    settings: ErasureSettings,
  ) {
    this.#clickhouse = parts.clickhouse;
    this.#redis = parts.redis;
    this.#store = parts.store;
    this.#touched = parts.touched;
    this.#logger = parts.logger;
    this.#settings = settings;
  }

  async all(): Promise<Erasure[]> {
    const rows = await this.#rows<Omit<Erasure, "erased"> & { erased: string }>(
      `SELECT id, subject, if(state = 'done', 'done', 'running') AS state, erased, reason, who, formatDateTime(requested_at, '%FT%TZ', 'UTC') AS requested_at,
         formatDateTime(done_at, '%FT%TZ', 'UTC') AS done_at
       FROM erasures FINAL ORDER BY erasures.requested_at DESC`,
    );
    return rows.map((row) => ({ ...row, erased: erasedSchema.parse(JSON.parse(row.erased || "{}")) }));
  }

  /** Rows that an erasure would take away or change, by table. */
  async count(subject: Subject): Promise<Record<string, number>> {
    return await this.#count({ ...subject, keys: quoted(subject.keys) });
  }

  /** Puts an erasure on record and suppresses the identifiers at once; `run` does the rest. */
  async request(subject: Subject, reason: string, who: string, now: Date): Promise<string> {
    const id = randomUUID();
    const at = now.getTime();
    // Keys first: an erasure on record has all of them.
    await this.#insert(
      "suppressed_keys",
      subject.keys.map((key) => ({ key, erasure_id: id, since: at })),
    );
    await this.#insert("erasures", [
      {
        id,
        version: 1,
        subject: subject.kind,
        state: "running",
        names: subject.names,
        mentions: subject.mentions,
        clients: subject.clients,
        erased: "",
        reason,
        who,
        requested_at: at,
        done_at: null,
      },
    ]);
    return id;
  }

  /** Does what is on record and not done, once in the workspace at a time. Any step may be repeated. */
  async run(signal: AbortSignal): Promise<void> {
    const lock = `${this.#settings.redisPrefix}lock:erasures`;
    const token = randomUUID();
    if ((await this.#redis.set(lock, token, "PX", lockMs, "NX")) === null) return;
    const renewal = setInterval(() => void this.#redis.pexpire(lock, lockMs).catch(() => 0), lockMs / 3);
    try {
      const running = await this.#rows<RunningErasure>(
        "SELECT id, names, mentions, clients FROM erasures FINAL WHERE state = 'running' ORDER BY requested_at",
      );
      for (const erasure of running) await this.#erase(erasure, signal);
      const clearing = await this.#rows<{ id: string }>("SELECT id FROM erasures FINAL WHERE state = 'clearing'");
      for (const { id } of clearing) await this.#forgetWhom(id);
    } finally {
      clearInterval(renewal);
      await this.#redis.del(lock).catch(() => 0);
    }
  }

  async #erase({ id, ...called }: RunningErasure, signal: AbortSignal): Promise<void> {
    await sleep(this.#settings.waitMs, undefined, { signal });
    const keys = `SELECT key FROM suppressed_keys WHERE erasure_id = '${id}'`;
    const subject = { keys, ...called };
    const own = (await this.#rows<{ key: string }>(keys)).map(({ key }) => key);
    const others = await this.#store.forget(own.map(packKey));
    const erased: Record<string, number> = {};
    for (let round = 1; ; round++) {
      const found = await this.#count(subject);
      for (const [table, rows] of Object.entries(found)) erased[table] = (erased[table] ?? 0) + rows;
      if (Object.keys(found).length === 0) break;
      if (round > mostRounds) throw new Error(`erasure ${id}: ${Object.keys(found)} keep filling`);
      for (const table of personalTables)
        if (found[table.table] !== undefined) await this.#clear(table, subject, `erasure:${id}:${round}`);
    }
    Object.assign(erased, await this.#stepsOfOthers(id, signal));
    await this.#finish(id, erased);
    await this.#touched.tell([...own, ...others.map(unpackKey)], `erasure:${id}`, new Date());
    this.#logger.info({ erasure: id, erased }, "erased");
  }

  /** @param token the same where it is repeated after a crash */
  async #clear({ table, erase, change }: PersonalTable, subject: NamedSubject, token: string): Promise<void> {
    const fill = (condition: string) => fillSubject(condition, subject);
    if (table === "activity_daily") {
      // A company's activity stays without the person who did it. A repetition is the same block, and is left out.
      await this.#clickhouse.command({
        query: `INSERT INTO activity_daily SELECT * REPLACE (toUUID('00000000-0000-0000-0000-000000000000') AS contact_key)
          FROM activity_daily WHERE ${fill("contact_key IN {keys} AND client_key NOT IN {keys}")} ORDER BY ALL`,
        clickhouse_settings: { insert_deduplicate: 1, insert_deduplication_token: token, async_insert: 0 },
      });
    }
    if (change !== undefined) {
      await this.#settings.mutate(table, `UPDATE ${fill(change.set)} WHERE ${fill(change.where)}`);
    }
    if (erase !== "0") await this.#settings.mutate(table, `DELETE WHERE ${fill(erase)}`);
  }

  async #stepsOfOthers(id: string, signal: AbortSignal): Promise<Record<string, number>> {
    for (const deadline = Date.now() + this.#settings.answerMs; ; ) {
      const steps = await this.#rows<{ step: string; found: string }>(
        `SELECT step, sum(found) AS found FROM erasure_steps WHERE erasure_id = '${id}' GROUP BY step`,
      );
      if (steps.length > 0) return Object.fromEntries(steps.map(({ step, found }) => [step, Number(found)]));
      if (Date.now() > deadline) return {};
      await sleep(500, undefined, { signal });
    }
  }

  /** What was erased is on record before the record forgets whom: a crash in between loses neither. */
  async #finish(id: string, erased: Record<string, number>): Promise<void> {
    await this.#clickhouse.command({
      query: `INSERT INTO erasures SELECT * REPLACE (version + 1 AS version, 'clearing' AS state, [] AS names, [] AS mentions, [] AS clients,
          {erased: String} AS erased) FROM erasures FINAL WHERE id = {id: UUID}`,
      query_params: { erased: JSON.stringify(erased), id },
      clickhouse_settings: { async_insert: 0 },
    });
    await this.#forgetWhom(id);
  }

  /** Done is what left no trace, in the record itself either. */
  async #forgetWhom(id: string): Promise<void> {
    await this.#settings.mutate("erasures", `DELETE WHERE id = '${id}' AND state = 'running'`);
    await this.#clickhouse.command({
      query: `INSERT INTO erasures SELECT * REPLACE (version + 1 AS version, 'done' AS state, now64(3, 'UTC') AS done_at)
        FROM erasures FINAL WHERE id = {id: UUID}`,
      query_params: { id },
      clickhouse_settings: { async_insert: 0 },
    });
  }

  async #count(subject: NamedSubject): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { table, erase, change } of personalTables) {
      const where = fillSubject(change === undefined ? erase : `(${erase}) OR (${change.where})`, subject);
      const [row] = await this.#rows<{ n: string }>(`SELECT count() AS n FROM ${table} WHERE ${where}`);
      if (Number(row!.n) > 0) found[table] = Number(row!.n);
    }
    return found;
  }

  async #insert(table: string, values: object[]): Promise<void> {
    await this.#clickhouse.insert({ table, values, format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
  }

  async #rows<T>(query: string): Promise<T[]> {
    return await (await this.#clickhouse.query({ query, format: "JSONEachRow" })).json<T>();
  }
}

export const quoted = (keys: readonly string[]): string => keys.map((key) => `'${key}'`).join(", ");
