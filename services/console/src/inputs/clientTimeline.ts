import type { ClickHouse, ClickHouseReader } from "@keypulse/engines";
import { keyList } from "./askByKeys.ts";
import type { TimelineEntry } from "./clientAnswers.ts";
import { ownEras, readOwners } from "./clientOwners.ts";

/** milliseconds_position of the last entry of a page. */
export const timelineCursor = /^-?\d{1,15}_[\w.-]+:\d+:\d+$/;

/** What happened with a client, newest first. */
export async function readTimeline(
  { clickhouse, reader }: { clickhouse: ClickHouse; reader: ClickHouseReader },
  id: string,
  {
    kind,
    limit,
    after,
    timezone,
  }: { kind?: string | undefined; limit: number; after?: string | undefined; timezone: string },
): Promise<{ events: TimelineEntry[]; next: string | null }> {
  const owners = await readOwners(reader, [id], timezone);
  const heir = owners.clientOf(id);
  if (heir !== id) return await readTimeline({ clickhouse, reader }, heir, { kind, limit, after, timezone });
  const [before, position] =
    after === undefined ? [] : [after.slice(0, after.indexOf("_")), after.slice(after.indexOf("_") + 1)];
  // A person who moved brings only the events of their days with this client.
  const result = await clickhouse.query({
    query: `SELECT formatDateTime(occurred_at, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z' AS occurred_at, kind, type, activity,
        toFloat64(amount * revenue_sign) AS amount, currency, order_id,
        multiIf(url != '', url, JSONHas(properties, 'subject'), JSONExtractString(properties, 'subject'), JSONExtractString(properties, 'name')) AS about,
        source, event_id, toUnixTimestamp64Milli(events.occurred_at) AS ms, concat(topic, ':', toString(partition), ':', toString(offset)) AS position
      FROM events
      WHERE client_key IN (${keyList(owners.keys)})
        AND (client_key, ${owners.eraOf(`toDate(events.occurred_at, '${timezone}')`)}) IN (${ownEras(id, owners)})
        ${kind === undefined ? "" : "AND kind = {kind: String}"}
        ${after === undefined ? "" : "AND (ms, position) < ({before: Int64}, {position: String})"}
      ORDER BY events.occurred_at DESC, position DESC LIMIT {limit: UInt32}`,
    query_params: {
      limit: limit + 1,
      ...(kind === undefined ? {} : { kind }),
      ...(after === undefined ? {} : { before, position }),
    },
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, max_query_size: "100000000" },
  });
  const rows = await result.json<TimelineEntry & { ms: number; position: string }>();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    events: page.map(({ ms: _ms, position: _position, ...entry }) => entry),
    next: rows.length > limit && last !== undefined ? `${last.ms}_${last.position}` : null,
  };
}
