import { parseError, type ClickHouseSettings as QuerySettings } from "@clickhouse/client";
import { Pool } from "undici";
import { type ClickHouseSettings, clusterQuerySettings } from "./clickhouse.ts";

/**
 * Asks many small questions at once. @clickhouse/client is made for streams of rows and waits a turn of the timers before
 * each request: for an answer of a few rows that is more than ClickHouse takes to read them. This sends the question and
 * parses the answer, and does nothing else.
 */
export interface ClickHouseReader {
  /**
   * @returns rows by column name
   * @throws ClickHouseError where ClickHouse refuses, Error where it can't be reached or breaks off
   */
  read<T>(query: string, settings: QuerySettings): Promise<T[]>;
  close(): Promise<void>;
}

export function connectClickHouseReader(
  settings: ClickHouseSettings,
  application: string,
  { maxConnections, requestTimeoutMs }: { maxConnections: number; requestTimeoutMs: number },
): ClickHouseReader {
  const url = new URL(settings.CLICKHOUSE_URL);
  const user = `${decodeURIComponent(url.username) || "default"}:${decodeURIComponent(url.password)}`;
  const headers = { authorization: `Basic ${Buffer.from(user).toString("base64")}`, "user-agent": application };
  const always = settings.CLICKHOUSE_CLUSTER === undefined ? {} : clusterQuerySettings;
  const pool = new Pool(url.origin, {
    connections: maxConnections,
    headersTimeout: requestTimeoutMs,
    bodyTimeout: requestTimeoutMs,
    // Shorter than ClickHouse keeps a connection that is not used.
    keepAliveTimeout: 2_500,
    keepAliveMaxTimeout: 2_500,
  });
  return {
    async read<T>(query: string, querySettings: QuerySettings): Promise<T[]> {
      const search = new URLSearchParams({ database: settings.CLICKHOUSE_DATABASE });
      for (const [name, value] of Object.entries({ ...always, ...querySettings })) search.set(name, String(value));
      const answer = await pool.request({
        method: "POST",
        path: `${url.pathname}?${search}`,
        headers,
        body: `${query}\nFORMAT JSON`,
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw parseError(text);
      // Where a fault comes when rows were sent already, ClickHouse ends the connection, which is an error above.
      return (JSON.parse(text) as { data: T[] }).data;
    },
    close: async () => await pool.close(),
  };
}
