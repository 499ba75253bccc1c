import {
  type ClickHouse,
  ClickHouseError,
  type EngineLogger,
  insertBytes,
  isRetryableClickHouseError,
} from "@keypulse/engines";
import { type Batch, batchDateOf, batchDayOf, tokenOf } from "../domain/batch.ts";
import type { AcceptedEvent, RawMessage, RejectedEvent } from "../domain/outcome.ts";

/** One block an insert, checked against the tokens of earlier inserts, in the tables that views feed as well. */
const onceSettings = (token: string) => ({
  // What views feed is grouped already; merging each block once more before it is written took a tenth of ClickHouse's time.
  optimize_on_insert: 0 as const,
  insert_deduplicate: 1 as const,
  insert_deduplication_token: token,
  deduplicate_blocks_in_dependent_materialized_views: 1 as const,
  async_insert: 0 as const,
  wait_end_of_query: 1 as const,
  input_format_parallel_parsing: 0 as const,
  max_insert_block_size: "1000000",
  max_insert_threads: "1",
  min_insert_block_size_rows: "1000000",
  min_insert_block_size_bytes: "1000000000",
});

/** Of messages in one insert of rejected events. */
const mostRejectedBytes = 32 * 1024 * 1024;

/** Events, rejected events and duplicates in ClickHouse; each range once, whatever is retried. */
export class EventTables {
  readonly #clickhouse: ClickHouse;
  readonly #logger: EngineLogger;
  constructor(clickhouse: ClickHouse, logger: EngineLogger) {
    this.#clickhouse = clickhouse;
    this.#logger = logger;
  }

  /**
   * @param triedBefore whether an insert of this range may have been cut off. ClickHouse writes a token to its log a
   *   moment before the part counts: killed in between, it takes the repeated insert for done and holds no row of it.
   *   The part of the source table counts before views feed theirs, so that nothing was fed either.
   */
  async store(batch: Batch, triedBefore: boolean): Promise<void> {
    const token = tokenOf(batch.range);
    await this.#store(batch, token);
    if (!triedBefore) return;
    const { places, elsewhere } = await this.#placesOf(batch);
    // Rows are decided once, so this does not happen; stored anew they would stand in two tables.
    if (elsewhere > 0) this.#logger.error({ token, elsewhere }, "rows stand in another table than was decided");
    const lost = without(batch, places);
    const { accepted, rejected, duplicates } = lost;
    if (accepted.length + rejected.length + duplicates.length === 0) return;
    const rows = { events: accepted.length, rejected_events: rejected.length, duplicate_events: duplicates.length };
    this.#logger.warn({ token, rows }, "ClickHouse lost in a crash what it takes for stored: storing it anew");
    await this.#store(lost, `${token}/anew`);
    const refused = accepted.filter((event) => !lost.accepted.includes(event));
    batch.accepted = batch.accepted.filter((event) => !refused.includes(event));
    batch.rejected = [...batch.rejected, ...lost.rejected.filter((row) => !rejected.includes(row))];
  }

  /** Takes out of a batch what is stored already, however it was decided then: for ranges without a kept decision. */
  async leaveOutStored(batch: Batch): Promise<void> {
    const { places } = await this.#placesOf(batch);
    Object.assign(batch, without(batch, places));
  }

  /** Offsets of the range that have a row, in whichever table; and how many of those the batch has for another. */
  async #placesOf(batch: Batch): Promise<{ places: Set<number>; elsewhere: number }> {
    const { topic, partition, first, last } = batch.range;
    const tables = {
      events: batch.accepted,
      rejected_events: batch.rejected,
      duplicate_events: batch.duplicates,
    };
    const parts = Object.keys(tables).map(
      (table) => `SELECT DISTINCT '${table}' AS name, offset FROM ${table} WHERE batch_date = {date: Date}
        AND topic = {topic: String} AND partition = {partition: UInt32} AND offset BETWEEN {first: UInt64} AND {last: UInt64}`,
    );
    const result = await this.#clickhouse.query({
      query: parts.join(" UNION ALL "),
      query_params: { date: batchDateOf(batch), topic, partition, first, last },
      format: "JSONEachRow",
    });
    const decided = new Map<number, string>();
    for (const [table, rows] of Object.entries(tables)) {
      for (const { message } of rows) decided.set(message.offset, table);
    }
    const places = new Set<number>();
    let elsewhere = 0;
    for (const { name, offset } of await result.json<{ name: string; offset: string }>()) {
      places.add(Number(offset));
      if ((decided.get(Number(offset)) ?? name) !== name) elsewhere += 1;
    }
    return { places, elsewhere };
  }

  async #store(batch: Batch, token: string): Promise<void> {
    const refused = await this.#storeEvents(batch, batch.accepted, token);
    const rejected = [...batch.rejected, ...refused.map(refusal)];
    await Promise.all([this.#storeRejected(batch, rejected, token), this.#storeDuplicates(batch, token)]);
    // Not before all is stored: a repetition has to cut and to name the halves as before.
    if (refused.length > 0) batch.accepted = batch.accepted.filter((event) => !refused.includes(event));
    batch.rejected = rejected;
  }

  /**
   * Where ClickHouse refuses the data itself, halves are tried until the row is found: a poison message must not stop
   * its partition. The halves' tokens are pure functions of the range too.
   * @returns events that ClickHouse does not take.
   */
  async #storeEvents(batch: Batch, events: AcceptedEvent[], token: string): Promise<AcceptedEvent[]> {
    if (events.length === 0) return [];
    const { topic, partition } = batch.range;
    const { rows } = batch;
    const numbers = events.map(({ row }) => row);
    const block = rows.encode(numbers, topic, partition, batchDayOf(batch));
    try {
      await insertBytes(this.#clickhouse, "events", rows.columns, "Native", block, onceSettings(token));
      return [];
    } catch (error) {
      if (!(error instanceof ClickHouseError) || isRetryableClickHouseError(error) || !dataErrors.has(error.code))
        throw error;
      this.#logger.warn({ token, events: events.length, code: error.code }, "ClickHouse refuses the data: halving");
      if (events.length === 1) return events;
      const half = events.length >> 1;
      const left = await this.#storeEvents(batch, events.slice(0, half), `${token}/0`);
      return [...left, ...(await this.#storeEvents(batch, events.slice(half), `${token}/1`))];
    }
  }

  /** In as many inserts as their bytes need: what is made of them as one text has to fit into memory. */
  async #storeRejected(batch: Batch, rejected: RejectedEvent[], token: string): Promise<void> {
    const parts: RejectedEvent[][] = [];
    let bytes = 0;
    for (const row of rejected) {
      const size = row.message.value?.length ?? 0;
      if (parts.length === 0 || bytes + size > mostRejectedBytes) {
        parts.push([]);
        bytes = 0;
      }
      parts.at(-1)!.push(row);
      bytes += size;
    }
    for (const [index, part] of parts.entries()) {
      await this.#storeRejectedPart(batch, part, index === 0 ? token : `${token}/part ${index}`);
    }
  }

  async #storeRejectedPart(batch: Batch, rejected: RejectedEvent[], token: string): Promise<void> {
    const { topic, partition } = batch.range;
    await this.#clickhouse.insert({
      table: "rejected_events",
      format: "JSONEachRow",
      values: rejected.map(({ message, source, reason, detail }) => ({
        topic,
        partition,
        offset: message.offset,
        received_at: message.timestampMs,
        source,
        reason,
        detail,
        bytes: message.value?.toString("base64") ?? "",
        key: message.key?.toString("base64") ?? "",
        headers: JSON.stringify(encodeHeaders(message.headers)),
        batch_date: batchDateOf(batch),
      })),
      clickhouse_settings: onceSettings(token),
    });
  }

  async #storeDuplicates(batch: Batch, token: string): Promise<void> {
    if (batch.duplicates.length === 0) return;
    const { topic, partition } = batch.range;
    await this.#clickhouse.insert({
      table: "duplicate_events",
      format: "JSONEachRow",
      values: batch.duplicates.map(({ message, source, id }) => ({
        topic,
        partition,
        offset: message.offset,
        received_at: message.timestampMs,
        source,
        event_id: id,
        batch_date: batchDateOf(batch),
      })),
      clickhouse_settings: onceSettings(token),
    });
  }
}

function without(batch: Batch, places: ReadonlySet<number>): Batch {
  const left = <T extends { message: RawMessage }>(rows: T[]) =>
    rows.filter(({ message }) => !places.has(message.offset));
  return {
    ...batch,
    accepted: left(batch.accepted),
    rejected: left(batch.rejected),
    duplicates: left(batch.duplicates),
  };
}

/** Answers that speak of the data: can't parse (26, 27, 38, 41, 72, 117), too large or out of range (69, 131, 321, 407), type (53). */
const dataErrors = new Set(["26", "27", "38", "41", "53", "69", "72", "117", "131", "321", "407"]);

const refusal = (event: AcceptedEvent): RejectedEvent => ({
  message: event.message,
  source: event.source,
  reason: "storage_refused",
  detail: "the warehouse can't hold one of the values",
});

function encodeHeaders(headers: RawMessage["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(String(value ?? "")).toString("base64")]),
  );
}
