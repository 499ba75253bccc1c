import { hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouse } from "@keypulse/engines";
import { isOneOf, longQuery, type OrderRef } from "./readMessages.ts";

/** Half a minute in which nobody stores a document; an insert takes a fraction of a second. */
const mostTries = 300;

/**
 * Adds to client_orders and revenue_daily what documents say and these lack, for the clients of some orders. Compared
 * only while no document is being stored, for one shows in order_documents before its views have fed the others.
 *
 * **One at a time**: clients have orders of several sources, so that two who compare at once would both add what is
 * missing.
 * @throws Error where documents are stored without a pause: to be tried again
 */
export async function mendFedTables(
  clickhouse: ClickHouse,
  refs: readonly OrderRef[],
): Promise<{ clientKeys: string[]; revenue: boolean }> {
  const rows = async <T>(query: string): Promise<T[]> => {
    const result = await clickhouse.query({ query, format: "JSONEachRow", clickhouse_settings: longQuery });
    return await result.json<T>();
  };
  const among = `(SELECT owner.client_key AS client_key FROM order_documents ARRAY JOIN owners AS owner WHERE ${isOneOf(refs)})`;
  const clientKeys = (await rows<{ key: string }>(`SELECT DISTINCT toString(client_key) AS key FROM ${among}`)).map(
    ({ key }) => key,
  );
  if (clientKeys.length === 0) return { clientKeys, revenue: false };
  const [view] = await rows<{ text: string }>(
    "SELECT as_select AS text FROM system.tables WHERE database = currentDatabase() AND name = 'feed_client_orders'",
  );
  await clickhouse.command({
    query: `INSERT INTO client_orders SELECT * FROM (${view!.text.replaceAll("order_documents_local", "order_documents")}) WHERE ${isOneOf(refs)}`,
    clickhouse_settings: { ...longQuery, async_insert: 0, wait_end_of_query: 1 },
  });
  const list = clientKeys.map((key) => `'${key}'`).join(", ");
  const fingerprint = () =>
    rows(
      `SELECT count() AS n, sum(digest) AS digests, sum(version) AS versions FROM order_documents WHERE client_key IN (${list})`,
    );
  const difference = `
    SELECT client_key, day, currency, source, toInt64(sum(d.orders)) AS orders, sum(d.gross) AS gross, sum(d.returned) AS returned,
      minIf(d.at, d.orders > 0) AS first_order, maxIf(d.at, d.orders > 0) AS last_order
    FROM (
      SELECT client_key, toDate(moved.at, (SELECT timezone FROM workspace)) AS day, toString(moved.currency) AS currency, toString(source) AS source,
        toInt64(moved.orders) AS orders, toDecimal128(moved.gross, 4) AS gross, toDecimal128(moved.returned, 4) AS returned, toNullable(moved.at) AS at
      FROM order_documents FINAL ARRAY JOIN movements AS moved WHERE client_key IN (${list})
      UNION ALL
      SELECT client_key, day, toString(currency), toString(source), -orders, -gross, -returned, NULL FROM revenue_daily WHERE client_key IN (${list})
    ) AS d GROUP BY client_key, day, currency, source HAVING orders != 0 OR gross != 0 OR returned != 0`;
  for (let tries = 0; tries < mostTries; tries++) {
    const before = JSON.stringify(await fingerprint());
    const [inserting] = await rows<{ n: number }>(
      `SELECT toUInt32(count()) AS n FROM system.processes WHERE query_kind = 'Insert'
        AND position(query, 'order_documents') > 0 AND (current_database = currentDatabase() OR is_initial_query = 0)`,
    );
    const short = inserting!.n === 0 ? await rows<object>(difference) : undefined;
    if (short !== undefined && JSON.stringify(await fingerprint()) === before) {
      if (short.length === 0) return { clientKeys, revenue: false };
      await clickhouse.insert({
        table: "revenue_daily",
        values: short,
        format: "JSONEachRow",
        clickhouse_settings: {
          async_insert: 0,
          wait_end_of_query: 1,
          // Whoever compared the same documents and was cut off may have added it.
          insert_deduplication_token: `mend:${hash("sha1", before + JSON.stringify(short))}`,
        },
      });
      return { clientKeys, revenue: true };
    }
    await sleep(100);
  }
  throw new Error("documents are being stored without a pause: what views fed can't be compared");
}
