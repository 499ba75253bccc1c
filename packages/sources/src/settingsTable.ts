import type { ClickHouse } from "@keypulse/engines";

export interface StoredSetting {
  id: string;
  version: number;
  value: unknown;
}

/** The table of settings: append only, the newest version of an id counts. */
export class SettingsTable {
  readonly #clickhouse: ClickHouse;
  readonly #kind: string;
  constructor(clickhouse: ClickHouse, kind: string) {
    this.#clickhouse = clickhouse;
    this.#kind = kind;
  }

  /** Newest versions of all that were not deleted. */
  async all(): Promise<StoredSetting[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT id, toUInt32(max(version)) AS newest, argMax(value, version) AS text FROM settings
        WHERE kind = {kind: String} GROUP BY id HAVING argMax(deleted, version) = 0 ORDER BY id`,
      query_params: { kind: this.#kind },
      format: "JSONEachRow",
    });
    const rows = await result.json<{ id: string; newest: number; text: string }>();
    return rows.map(({ id, newest, text }) => ({ id, version: newest, value: JSON.parse(text) }));
  }

  /** The newest version of an id, deleted or not; 0 where there was none. */
  async newestVersion(id: string): Promise<number> {
    const result = await this.#clickhouse.query({
      query: "SELECT toUInt32(max(version)) AS newest FROM settings WHERE kind = {kind: String} AND id = {id: String}",
      query_params: { kind: this.#kind, id },
      format: "JSONEachRow",
    });
    const [row] = await result.json<{ newest: number }>();
    return row?.newest ?? 0;
  }

  /** Appends a version. @param value undefined deletes */
  async append(id: string, version: number, value: unknown, changedBy: string): Promise<void> {
    await this.#clickhouse.insert({
      table: "settings",
      format: "JSONEachRow",
      values: [
        {
          kind: this.#kind,
          id,
          version,
          value: value === undefined ? "" : JSON.stringify(value),
          deleted: value === undefined ? 1 : 0,
          changed_by: changedBy,
          changed_at: Date.now(),
        },
      ],
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
  }
}
