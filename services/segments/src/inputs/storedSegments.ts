import type { ClickHouse, EngineLogger } from "@keypulse/engines";
import { type Segment, segmentKind, segmentSchema } from "@keypulse/segments";
import { SettingsTable } from "@keypulse/sources";

export interface StoredSegment {
  readonly segment: Segment;
  readonly version: number;
}

/** Segments as the console keeps them; one that can't be read is left as it was. */
export function createReadSegments(clickhouse: ClickHouse, logger: EngineLogger) {
  const table = new SettingsTable(clickhouse, segmentKind);
  return async (): Promise<{ usable: StoredSegment[]; known: Set<string> }> => {
    const settings = await table.all();
    const usable = settings.flatMap(({ id, version, value }) => {
      const parsed = segmentSchema.safeParse(value);
      if (parsed.success) return [{ segment: parsed.data, version }];
      logger.warn({ segment: id, version }, "a segment's setting can't be read: its members stay as they are");
      return [];
    });
    return { usable, known: new Set(settings.map(({ id }) => id)) };
  };
}
