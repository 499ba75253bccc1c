import { refusedHeaders } from "@keypulse/contracts";
import type { ClickHouse, Producer } from "@keypulse/engines";
import type { KafkaMessage } from "@keypulse/sources";
import type { Message } from "kafkajs";

const eventsAStep = 200;

export interface ReplayFilter {
  reason?: string | undefined;
  source?: string | undefined;
  /** One event, as `topic:partition:offset`. */
  position?: string | undefined;
  limit: number;
  dryRun: boolean;
}

export interface ReplayReport {
  /** Rejected events that match and were not sent again before. */
  found: number;
  sent: number;
  /** Not sent, because their source is gone or has another connector. */
  skipped: number;
}

/** Reads a provider's bytes again, see `createReadAgain`. */
export type ReadAgain = (bytes: Buffer, headers: Readonly<Record<string, string>>) => Promise<KafkaMessage[]>;

interface RejectedRow {
  topic: string;
  partition: number;
  offset: string;
  bytes: string;
  key: string;
  headers: string;
}

/**
 * Sends rejected events to their topics again, each once: byte for byte, or, where a collector refused a provider's
 * bytes, what its source's connector makes of them now. An event is marked before it is sent, so that a crash can
 * leave out what was in hand (it stays in `rejected_events`) but never doubles; ids catch what the sender repeats.
 */
export async function replayRejected(
  { clickhouse, producer, readAgain }: { clickhouse: ClickHouse; producer: Producer; readAgain: ReadAgain },
  filter: ReplayFilter,
): Promise<ReplayReport> {
  const where = `reason != 'erased' AND detail != 'erased' AND reason = if({reason: String} = '', reason, {reason: String})
    AND source = if({source: String} = '', source, {source: String})
    AND {position: String} IN ('', concat(topic, ':', toString(partition), ':', toString(offset)))
    AND (topic, partition, offset) NOT IN (SELECT topic, partition, offset FROM rejected_replays)`;
  const query_params = { reason: filter.reason ?? "", source: filter.source ?? "", position: filter.position ?? "" };
  const counted = await clickhouse.query({
    query: `SELECT toUInt32(count()) AS found FROM rejected_events WHERE ${where}`,
    query_params,
    format: "JSONEachRow",
  });
  const [row] = await counted.json<{ found: number }>();
  const found = Math.min(row?.found ?? 0, filter.limit);
  const report: ReplayReport = { found, sent: 0, skipped: 0 };
  if (filter.dryRun) return report;

  while (report.sent + report.skipped < found) {
    const result = await clickhouse.query({
      query: `SELECT topic, partition, toString(offset) AS offset, bytes, key, headers FROM rejected_events
        WHERE ${where} ORDER BY received_at, topic, partition, offset LIMIT {step: UInt32} OFFSET {skipped: UInt32}`,
      query_params: {
        ...query_params,
        step: Math.min(eventsAStep, found - report.sent - report.skipped),
        skipped: report.skipped,
      },
      format: "JSONEachRow",
    });
    const rows = await result.json<RejectedRow>();
    if (rows.length === 0) break;
    const read = await Promise.all(rows.map((rejected) => messagesOf(rejected, readAgain)));
    const readable = rows.filter((_, index) => read[index] !== undefined);
    report.skipped += rows.length - readable.length;
    if (readable.length === 0) continue;
    await clickhouse.insert({
      table: "rejected_replays",
      format: "JSONEachRow",
      values: readable.map(({ topic, partition, offset }) => ({ topic, partition, offset, replayed_at: Date.now() })),
      clickhouse_settings: { async_insert: 0 },
    });
    const messages = read.flatMap((list) => list ?? []);
    await producer.sendBatch({
      acks: -1,
      topicMessages: [...Map.groupBy(messages, ({ topic }) => topic)].map(([topic, list]) => ({
        topic,
        messages: list.map(({ message }) => message),
      })),
    });
    report.sent += readable.length;
  }
  return report;
}

/** @returns undefined where its source is gone, or has another connector */
async function messagesOf(
  row: RejectedRow,
  readAgain: ReadAgain,
): Promise<{ topic: string; message: Message }[] | undefined> {
  const encoded = Object.entries(JSON.parse(row.headers) as Record<string, string>);
  const headers = Object.fromEntries(encoded.map(([name, value]) => [name, Buffer.from(value, "base64").toString()]));
  if (headers[refusedHeaders.connector] === undefined) return [{ topic: row.topic, message: toMessage(row) }];
  try {
    const messages = await readAgain(Buffer.from(row.bytes, "base64"), headers);
    return messages.map(({ topic, key, value, headers: own }) => ({
      topic,
      message: { key, value, headers: { ...own, keypulse_replay_of: positionOf(row) } },
    }));
  } catch {
    return undefined;
  }
}

const positionOf = ({ topic, partition, offset }: RejectedRow): string => `${topic}:${partition}:${offset}`;

function toMessage(row: RejectedRow) {
  const headers = Object.entries(JSON.parse(row.headers) as Record<string, string>);
  return {
    key: row.key === "" ? null : Buffer.from(row.key, "base64"),
    value: row.bytes === "" ? null : Buffer.from(row.bytes, "base64"),
    headers: {
      ...Object.fromEntries(headers.map(([name, value]) => [name, Buffer.from(value, "base64")])),
      keypulse_replay_of: positionOf(row),
    },
  };
}
