import type { ClickHouse, EngineLogger, Redis } from "@keypulse/engines";
import { SettingsTable, type Source, sourceSchema, sourcesBell } from "@keypulse/sources";
import { ApiFault, notFound } from "../domain/apiFault.ts";
import { takeChangeLock } from "./changeLock.ts";

export interface StoredSource {
  source: Source;
  version: number;
}

/** What a change makes of what is there; undefined deletes. @throws ApiFault */
export type Change = (current: StoredSource | undefined, taken: ReadonlySet<string>) => Source | undefined;

const kind = "source";

/**
 * Sources as versions in ClickHouse. One change at a time in the workspace (a lock in Redis), because ClickHouse
 * itself would take two versions of the same number; after each, Redis rings for those who hold sources in memory.
 */
export class SourceSettings {
  readonly #clickhouse: ClickHouse;
  readonly #table: SettingsTable;
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #logger: EngineLogger;
  readonly #changed: () => void;

  constructor(parts: {
    clickhouse: ClickHouse;
    redis: Redis;
    redisPrefix: string;
    logger: EngineLogger;
    changed: () => void;
  }) {
    this.#clickhouse = parts.clickhouse;
    this.#table = new SettingsTable(parts.clickhouse, kind);
    this.#redis = parts.redis;
    this.#prefix = parts.redisPrefix;
    this.#logger = parts.logger;
    this.#changed = parts.changed;
  }

  async all(): Promise<StoredSource[]> {
    const settings = await this.#table.all();
    return settings.flatMap(({ id, version, value }) => {
      const parsed = sourceSchema.safeParse(value);
      if (parsed.success) return [{ source: parsed.data, version }];
      this.#logger.warn({ source: id, version }, "a source's settings can't be read: it is left out");
      return [];
    });
  }

  /** @throws ApiFault 404 */
  async get(id: string): Promise<StoredSource> {
    const found = (await this.all()).find(({ source }) => source.id === id);
    if (found === undefined) throw notFound(id);
    return found;
  }

  /**
   * @param id undefined where the change makes a new source, whose id comes from it
   * @param expected version that the caller knows; another one is a conflict
   */
  async change(id: string | undefined, change: Change, who: string, expected?: number): Promise<StoredSource> {
    const release = await takeChangeLock(this.#redis, `${this.#prefix}lock:sources`);
    try {
      const stored = await this.all();
      const current = stored.find(({ source }) => source.id === id);
      if (id !== undefined && current === undefined) throw notFound(id);
      if (expected !== undefined && expected !== current?.version) {
        throw new ApiFault(
          409,
          "this source was changed by somebody else meanwhile",
          `version ${expected} was expected, ${current?.version} is there: read it again`,
        );
      }
      const changed = change(current, new Set(stored.map(({ source }) => source.id)));
      const source = changed && { ...changed, updated_at: new Date().toISOString() };
      const settingId = source?.id ?? id!;
      const version = (current?.version ?? (await this.#lastVersion(settingId))) + 1;
      await this.#table.append(settingId, version, source, who);
      this.#changed();
      // Whoever misses the bell reads again by itself within 30 seconds.
      await this.#redis.publish(sourcesBell(this.#prefix), settingId).catch(() => 0);
      return { source: source ?? current!.source, version };
    } finally {
      await release();
    }
  }

  /** Of a deleted source too: versions of an id go on where they ended. */
  async #lastVersion(id: string): Promise<number> {
    const result = await this.#clickhouse.query({
      query: "SELECT toUInt32(max(version)) AS last FROM settings WHERE kind = {kind: String} AND id = {id: String}",
      query_params: { kind, id },
      format: "JSONEachRow",
    });
    const [row] = await result.json<{ last: number }>();
    return row?.last ?? 0;
  }
}
