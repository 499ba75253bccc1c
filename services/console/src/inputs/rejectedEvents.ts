import type { ClickHouse } from "@keypulse/engines";
import type { z } from "zod";
import { bytesAsText } from "../domain/bytesAsText.ts";
import type { rejectedSchema } from "./answers.ts";

export interface RejectedPage {
  rejected: z.infer<typeof rejectedSchema>[];
  /** Hand it in as `after` for the page that follows; null at the end. */
  next: string | null;
}

interface Row {
  topic: string;
  partition: number;
  offset: string;
  received: number;
  reason: string;
  detail: string;
  bytes: string;
  headers: string;
  replayed: number;
}

/** What could not be used of a source, newest first. @param after `next` of the page before */
export async function readRejected(
  clickhouse: ClickHouse,
  page: { source: string; reason?: string | undefined; limit: number; after?: string | undefined },
): Promise<RejectedPage> {
  const [, received = "0", topic = "", partition = "0", offset = "0"] = cursorPattern.exec(page.after ?? "") ?? [];
  const result = await clickhouse.query({
    query: `SELECT topic, partition, toString(offset) AS offset, toUnixTimestamp64Milli(received_at) AS received, reason,
        detail, bytes, headers, (topic, partition, rejected_events.offset) IN
          (SELECT topic, partition, offset FROM rejected_replays) AS replayed
      FROM rejected_events WHERE source = {source: String}
        AND reason = if({reason: String} = '', reason, {reason: String})
        AND ({received: Int64} = 0 OR (toUnixTimestamp64Milli(received_at), toString(topic), partition, rejected_events.offset)
          < ({received: Int64}, {topic: String}, {partition: UInt32}, {offset: UInt64}))
      ORDER BY received_at DESC, topic DESC, partition DESC, rejected_events.offset DESC LIMIT {limit: UInt32}`,
    query_params: {
      source: page.source,
      reason: page.reason ?? "",
      limit: page.limit + 1,
      received,
      topic,
      partition,
      offset,
    },
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const rows = await result.json<Row>();
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    rejected: shown.map((row) => ({
      position: `${row.topic}:${row.partition}:${row.offset}`,
      received_at: new Date(row.received).toISOString(),
      reason: row.reason,
      detail: row.detail,
      replayed: Boolean(row.replayed),
      ...bytesAsText(row.bytes),
      headers: headersOf(row.headers),
    })),
    next: rows.length > page.limit && last ? `${last.received}:${last.topic}:${last.partition}:${last.offset}` : null,
  };
}

/** `received:topic:partition:offset` */
export const cursorPattern = /^(\d{1,16}):([A-Za-z0-9._-]{1,249}):(\d{1,10}):(\d{1,19})$/;

const headersOf = (json: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries((json === "" ? {} : JSON.parse(json)) as Record<string, string>).map(([name, value]) => [
      name,
      Buffer.from(value, "base64").toString("utf8"),
    ]),
  );
