import { eventKinds } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";
import { z } from "zod";
import { localName } from "./cluster.ts";

const kinds = [...eventKinds, "identity", "rejected"] as const;
type RetainedKind = (typeof kinds)[number];

/** `web=400,email=800`: days after which events of a kind, or rejected bytes, are deleted. */
const retentionSchema = z
  .string()
  .default("")
  .transform((text, context) => {
    const days = new Map<RetainedKind, number>();
    for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
      const [name, number] = part.split("=").map((piece) => piece.trim());
      const kind = kinds.find((known) => known === name);
      if (kind === undefined || !/^[1-9]\d{0,4}$/.test(number ?? "")) {
        context.addIssue({
          code: "custom",
          message: `must look like web=400,email=800 with whole days and kinds of ${kinds.join(", ")}; "${part}" does not`,
        });
        return z.NEVER;
      }
      days.set(kind, Number(number));
    }
    return days;
  });

/** How long what kind of data is kept; kinds that are not named are kept for ever. */
export const retentionSettingsShape = { RETENTION_DAYS: retentionSchema };
export type Retention = z.infer<typeof retentionSchema>;

/** Tables by the column that says how old a row is; `kind` tells kinds apart, `whole` is the kind of all its rows. */
const tables = [
  { table: "events", time: "toDateTime(occurred_at)", byKind: true },
  { table: "activity_daily", time: "day", byKind: true },
  { table: "source_hourly", time: "hour", byKind: true },
  { table: "order_messages", time: "toDateTime(occurred_at)", whole: "order" },
  { table: "order_documents", time: "toDateTime(last_at)", whole: "order" },
  { table: "client_orders", time: "toDateTime(last_at)", whole: "order" },
  { table: "revenue_daily", time: "day", whole: "order" },
  { table: "rejected_events", time: "toDateTime(received_at)", whole: "rejected" },
] as const;

/**
 * Sets the tables' TTL to what the settings say, where it differs: ClickHouse then deletes in its merges (within some
 * hours). What is kept of a client for all times together (first seen, totals) stays.
 * @param nameOf names of a table on the server that is asked
 * @returns tables whose retention changed
 */
export async function applyRetention(
  clickhouse: ClickHouse,
  retention: Retention,
  nameOf: (table: string) => string = (table) => table,
): Promise<string[]> {
  const changed: string[] = [];
  for (const { table: name, time, ...which } of tables) {
    const table = nameOf(name);
    const rules = [...retention].flatMap(([kind, days]) => {
      if ("whole" in which) return which.whole === kind ? [`${time} + toIntervalDay(${days})`] : [];
      return kind === "rejected" ? [] : [`${time} + toIntervalDay(${days}) WHERE kind = '${kind}'`];
    });
    const present = await presentTtl(clickhouse, table);
    if (present === rules.join(", ")) continue;
    changed.push(table);
    await clickhouse.command({
      query:
        rules.length === 0 ? `ALTER TABLE ${table} REMOVE TTL` : `ALTER TABLE ${table} MODIFY TTL ${rules.join(", ")}`,
      // Rows that are too old already go in the next merges, in the background.
      clickhouse_settings: { mutations_sync: "0" },
    });
  }
  return changed;
}

/** For how many days orders and revenue are kept, by the table itself; undefined where it is for ever. */
export async function orderDaysKept(clickhouse: ClickHouse): Promise<number | undefined> {
  const ttls = await Promise.all(
    ["revenue_daily", localName("revenue_daily")].map((name) => presentTtl(clickhouse, name)),
  );
  const days = /toIntervalDay\((\d+)\)/.exec(ttls.join(" "))?.[1];
  return days === undefined ? undefined : Number(days);
}

async function presentTtl(clickhouse: ClickHouse, table: string): Promise<string> {
  const result = await clickhouse.query({
    query:
      "SELECT create_table_query AS text FROM system.tables WHERE database = currentDatabase() AND name = {table: String}",
    query_params: { table },
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ text: string }>();
  return (
    / TTL (.*?)(?: SETTINGS | COMMENT '|$)/s
      .exec(row?.text ?? "")?.[1]
      ?.replaceAll(/\s+/g, " ")
      .trim() ?? ""
  );
}
