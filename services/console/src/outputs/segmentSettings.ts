import type { ClickHouse, EngineLogger, Redis } from "@keypulse/engines";
import { type Segment, segmentKind, segmentSchema } from "@keypulse/segments";
import { SettingsTable } from "@keypulse/sources";
import { ApiFault } from "../domain/apiFault.ts";
import { takeChangeLock } from "./changeLock.ts";

export interface KeptSegment {
  segment: Segment;
  version: number;
}

/** What a change makes of what is there; undefined deletes. @throws ApiFault */
type Change = (current: KeptSegment | undefined, taken: ReadonlySet<string>) => Segment | undefined;

/** Segments as versions in ClickHouse, one change at a time. The service that evaluates them reads them at each turn. */
export class SegmentSettings {
  readonly #table: SettingsTable;
  readonly #redis: Redis;
  readonly #lock: string;
  readonly #logger: EngineLogger;

  constructor(parts: { clickhouse: ClickHouse; redis: Redis; redisPrefix: string; logger: EngineLogger }) {
    this.#table = new SettingsTable(parts.clickhouse, segmentKind);
    this.#redis = parts.redis;
    this.#lock = `${parts.redisPrefix}lock:segments`;
    this.#logger = parts.logger;
  }

  async all(): Promise<KeptSegment[]> {
    return (await this.#table.all()).flatMap(({ id, version, value }) => {
      const parsed = segmentSchema.safeParse(value);
      if (parsed.success) return [{ segment: parsed.data, version }];
      this.#logger.warn({ segment: id, version }, "a segment's setting can't be read: it is left out");
      return [];
    });
  }

  /** @throws ApiFault 404 */
  async get(id: string): Promise<KeptSegment> {
    const found = (await this.all()).find(({ segment }) => segment.id === id);
    if (found === undefined) throw noSegment(id);
    return found;
  }

  /**
   * @param id undefined where the change makes a new segment, whose id comes from it
   * @param expected version that the caller knows; another one is a conflict
   */
  async change(id: string | undefined, change: Change, who: string, expected?: number): Promise<KeptSegment> {
    const release = await takeChangeLock(this.#redis, this.#lock);
    try {
      const kept = await this.all();
      const current = kept.find(({ segment }) => segment.id === id);
      if (id !== undefined && current === undefined) throw noSegment(id);
      if (expected !== undefined && expected !== current?.version) {
        throw new ApiFault(
          409,
          "this segment was changed by somebody else meanwhile",
          `version ${expected} was expected, ${current?.version} is there: read it again`,
        );
      }
      const segment = change(current, new Set(kept.map((other) => other.segment.id)));
      const settingId = segment?.id ?? id!;
      const version = (await this.#table.newestVersion(settingId)) + 1;
      await this.#table.append(settingId, version, segment, who);
      return { segment: segment ?? current!.segment, version };
    } finally {
      await release();
    }
  }
}

const noSegment = (id: string): ApiFault => new ApiFault(404, `there is no segment with the id "${id}"`);
