import type { ClickHouse, Producer } from "@keypulse/engines";

const eventsAStep = 200;

export interface ReplayFilter {
  reason?: string | undefined;
  source?: string | undefined;
  limit: number;
  dryRun: boolean;
}

export interface ReplayReport {
  /** Rejected events that match and were not sent again before. */
  found: number;
  sent: number;
}

interface RejectedRow {
  topic: string;
  partition: number;
  offset: string;
  bytes: string;
  key: string;
  headers: string;
}

/**
 * Sends rejected events to their topics again, each once. An event is marked before it is sent, so that a crash can
 * leave out what was in hand (it stays in `rejected_events`) but never doubles; ids catch what the sender repeats.
 */
export async function replayRejected(
  { clickhouse, producer }: { clickhouse: ClickHouse; producer: Producer },
  filter: ReplayFilter,
): Promise<ReplayReport> {
  const where = `reason = if({reason: String} = '', reason, {reason: String})
    AND source = if({source: String} = '', source, {source: String})
    AND (topic, partition, offset) NOT IN (SELECT topic, partition, offset FROM rejected_replays)`;
  const query_params = { reason: filter.reason ?? "", source: filter.source ?? "" };
  const counted = await clickhouse.query({
    query: `SELECT toUInt32(count()) AS found FROM rejected_events WHERE ${where}`,
    query_params,
    format: "JSONEachRow",
  });
  const [row] = await counted.json<{ found: number }>();
  const found = Math.min(row?.found ?? 0, filter.limit);
  if (filter.dryRun) return { found, sent: 0 };

  let sent = 0;
  while (sent < found) {
    const result = await clickhouse.query({
      query: `SELECT topic, partition, toString(offset) AS offset, bytes, key, headers FROM rejected_events
        WHERE ${where} ORDER BY received_at, topic, partition, offset LIMIT {step: UInt32}`,
      query_params: { ...query_params, step: Math.min(eventsAStep, found - sent) },
      format: "JSONEachRow",
    });
    const rows = await result.json<RejectedRow>();
    if (rows.length === 0) break;
    await clickhouse.insert({
      table: "rejected_replays",
      format: "JSONEachRow",
      values: rows.map(({ topic, partition, offset }) => ({ topic, partition, offset, replayed_at: Date.now() })),
      clickhouse_settings: { async_insert: 0 },
    });
    for (const [topic, list] of Map.groupBy(rows, (rejected) => rejected.topic)) {
      await producer.send({ topic, acks: -1, messages: list.map(toMessage) });
    }
    sent += rows.length;
  }
  return { found, sent };
}

function toMessage(row: RejectedRow) {
  const headers = Object.entries(JSON.parse(row.headers) as Record<string, string>);
  return {
    key: row.key === "" ? null : Buffer.from(row.key, "base64"),
    value: row.bytes === "" ? null : Buffer.from(row.bytes, "base64"),
    headers: {
      ...Object.fromEntries(headers.map(([name, value]) => [name, Buffer.from(value, "base64")])),
      keypulse_replay_of: `${row.topic}:${row.partition}:${row.offset}`,
    },
  };
}
