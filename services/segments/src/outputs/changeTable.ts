import type { ClickHouse } from "@keypulse/engines";

export interface Change {
  readonly segment: string;
  readonly client_id: string;
  readonly change: "entered" | "left";
  /** ISO time with milliseconds. */
  readonly at: string;
}

interface Standing {
  readonly members: Set<string>;
  /** Of its last evaluation that changed anything, 0 where none has. */
  readonly lastMs: number;
}

/** The tables segment_changes and segment_announcements: written here alone. */
export class ChangeTable {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** Segments that have, or had, members. */
  async segments(): Promise<string[]> {
    return (await this.#rows<{ segment: string }>("SELECT DISTINCT segment FROM segment_changes")).map(
      ({ segment }) => segment,
    );
  }

  async standing(segment: string): Promise<Standing> {
    const rows = await this.#rows<{ client_id: string; newest: string; ms: string }>(
      `SELECT client_id, argMax(change, at) AS newest, toUnixTimestamp64Milli(max(at)) AS ms
        FROM segment_changes WHERE segment = {segment: String} GROUP BY client_id`,
      { segment },
    );
    return {
      members: new Set(rows.filter(({ newest }) => newest === "entered").map(({ client_id }) => client_id)),
      lastMs: rows.reduce((last, { ms }) => Math.max(last, Number(ms)), 0),
    };
  }

  /** One insert, durable when it returns; the same again is stored once. */
  async store(changes: readonly Change[], version: number): Promise<void> {
    const [first] = changes;
    if (first === undefined) return;
    await this.#clickhouse.insert({
      table: "segment_changes",
      format: "JSONEachRow",
      values: changes.map((change) => ({ ...change, version })),
      clickhouse_settings: {
        async_insert: 0,
        wait_end_of_query: 1,
        insert_deduplicate: 1,
        insert_deduplication_token: `${first.segment}:${first.at}`,
        max_insert_block_size: "10000000",
        date_time_input_format: "best_effort",
      },
    });
  }

  /** What was stored and is not known to be published, with names of now, in the order of time. */
  async unannounced(): Promise<(Change & { segment_name: string; client_name: string })[]> {
    return await this.#rows(
      `SELECT c.segment AS segment, c.client_id AS client_id, c.change AS change, c.at AS at,
          s.name AS segment_name, n.name AS client_name
        FROM segment_changes AS c
        LEFT JOIN (SELECT segment, max(announced_until) AS until FROM segment_announcements GROUP BY segment) AS a
          ON a.segment = c.segment
        LEFT JOIN (SELECT id, JSONExtractString(argMaxIf(value, version, NOT deleted), 'name') AS name
          FROM settings WHERE kind = 'segment' GROUP BY id) AS s ON s.id = c.segment
        LEFT JOIN client_names AS n ON n.client_id = c.client_id
        WHERE c.at > a.until
        ORDER BY c.at, c.segment, c.client_id`,
    );
  }

  async announced(changes: readonly Change[]): Promise<void> {
    const until = new Map(changes.map(({ segment, at }) => [segment, at]));
    await this.#clickhouse.insert({
      table: "segment_announcements",
      format: "JSONEachRow",
      values: [...until].map(([segment, at]) => ({ segment, announced_until: at })),
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1, date_time_input_format: "best_effort" },
    });
  }

  async #rows<T>(query: string, parameters: Record<string, unknown> = {}): Promise<T[]> {
    const result = await this.#clickhouse.query({
      query,
      query_params: parameters,
      format: "JSONEachRow",
      clickhouse_settings: { date_time_output_format: "iso" },
    });
    return await result.json<T>();
  }
}
