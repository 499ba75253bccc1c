import type { ClickHouse } from "@keypulse/engines";
import type { IdentityLink, LinkEnd, MapRow } from "../domain/forest.ts";

/** The ledger and the map in ClickHouse; repeated rows replace themselves. */
export class IdentityTables {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  async storeLinks(links: IdentityLink[]): Promise<void> {
    await this.#clickhouse.insert({
      table: "identity_links",
      format: "JSONEachRow",
      values: links.map((link) => ({
        left_key: link.left.key,
        right_key: link.right.key,
        rule: link.rule,
        left_kind: link.left.kind,
        left_value: link.left.value,
        right_kind: link.right.kind,
        right_value: link.right.value,
        occurred_at: link.occurredAtMs,
        source: link.source,
        event_id: link.eventId,
      })),
      clickhouse_settings: { async_insert: 0 },
    });
  }

  async storeMap(rows: MapRow[]): Promise<void> {
    await this.#clickhouse.insert({
      table: "identity_keys",
      format: "JSONEachRow",
      values: rows,
      clickhouse_settings: { async_insert: 0 },
    });
  }

  /** The ledger's links, each with its earliest proof, to fill the forest again. */
  async *links(batchSize: number): AsyncGenerator<IdentityLink[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT left_key, right_key, rule, any(left_kind) AS left_kind, any(right_kind) AS right_kind,
          toUnixTimestamp64Milli(min(occurred_at)) AS ms
        FROM identity_links GROUP BY left_key, right_key, rule ORDER BY ms`,
      format: "JSONEachRow",
    });
    let part: IdentityLink[] = [];
    for await (const rows of result.stream<LinkRow>()) {
      for (const row of rows) {
        const link = row.json();
        part.push({
          left: { kind: link.left_kind, value: "", key: link.left_key },
          right: { kind: link.right_kind, value: "", key: link.right_key },
          rule: link.rule,
          occurredAtMs: Number(link.ms),
          source: "",
          eventId: "",
        });
        if (part.length >= batchSize) {
          yield part;
          part = [];
        }
      }
    }
    if (part.length > 0) yield part;
  }
}

interface LinkRow {
  left_key: string;
  right_key: string;
  rule: IdentityLink["rule"];
  left_kind: LinkEnd["kind"];
  right_kind: LinkEnd["kind"];
  ms: string;
}
