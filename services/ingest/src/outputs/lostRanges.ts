import type { ClickHouse } from "@keypulse/engines";
import type { OffsetRange } from "../domain/batch.ts";

/** What Kafka deleted before it was read, in ClickHouse. */
export class LostRanges {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** May be repeated. */
  async write(range: Omit<OffsetRange, "kind" | "life">): Promise<void> {
    await this.#clickhouse.insert({
      table: "lost_ranges",
      values: [{ ...range, noticed_at: Date.now() }],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
  }
}
