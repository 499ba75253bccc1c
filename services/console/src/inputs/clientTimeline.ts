import type { ClickHouse } from "@keypulse/engines";
import { readKeyParameters } from "@keypulse/warehouse";
import type { TimelineEntry } from "./clientAnswers.ts";

/** milliseconds_position of the last entry of a page. */
export const timelineCursor = /^-?\d{1,15}_[\w.-]+:\d+:\d+$/;

/** What happened with a client, newest first. */
export async function readTimeline(
  clickhouse: ClickHouse,
  id: string,
  {
    kind,
    limit,
    after,
    timezone,
  }: { kind?: string | undefined; limit: number; after?: string | undefined; timezone: string },
): Promise<{ events: TimelineEntry[]; next: string | null }> {
  const given = await readKeyParameters(clickhouse, [id]);
  const own = given.map_keys.filter((_, index) => given.map_clients[index] === id);
  const [before, position] =
    after === undefined ? [] : [after.slice(0, after.indexOf("_")), after.slice(after.indexOf("_") + 1)];
  // A person who moved brings only the events of their days with this client.
  const result = await clickhouse.query({
    query: `SELECT formatDateTime(occurred_at, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z' AS occurred_at, kind, type, activity,
        toFloat64(amount * revenue_sign) AS amount, currency, order_id,
        multiIf(url != '', url, JSONHas(properties, 'subject'), JSONExtractString(properties, 'subject'), JSONExtractString(properties, 'name')) AS about,
        source, event_id, toUnixTimestamp64Milli(events.occurred_at) AS ms, concat(topic, ':', toString(partition), ':', toString(offset)) AS position
      FROM events
      WHERE client_key IN {keys: Array(UUID)} AND if(client_key IN {move_keys: Array(UUID)},
          arraySort(arrayFilter(era -> era.1 = client_key AND era.2 <= toDate(events.occurred_at, {timezone: String}),
            arrayZip({move_keys: Array(UUID)}, {move_days: Array(Date)}, {move_clients: Array(UUID)})))[-1].3 = {id: UUID},
          client_key IN {own_keys: Array(UUID)})
        ${kind === undefined ? "" : "AND kind = {kind: String}"}
        ${after === undefined ? "" : "AND (ms, position) < ({before: Int64}, {position: String})"}
      ORDER BY events.occurred_at DESC, position DESC LIMIT {limit: UInt32}`,
    query_params: {
      ...given,
      id,
      own_keys: [...new Set([id, ...own])],
      timezone,
      limit: limit + 1,
      ...(kind === undefined ? {} : { kind }),
      ...(after === undefined ? {} : { before, position }),
    },
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const rows = await result.json<TimelineEntry & { ms: number; position: string }>();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    events: page.map(({ ms: _ms, position: _position, ...entry }) => entry),
    next: rows.length > limit && last !== undefined ? `${last.ms}_${last.position}` : null,
  };
}
