import { type ClickHouse, insertBytes } from "@keypulse/engines";
import { foldOrder } from "../foldOrder.ts";
import type { Movement } from "../judgeSale.ts";
import { matchPayments } from "../matchPayments.ts";
import type { OrderMessage } from "../message.ts";
import { unitsOf } from "../money.ts";
import { rulesName, type SaleRules } from "../rules.ts";
import { type DocumentRow, documentColumns, documentRow, type StoredDocument } from "./documentRows.ts";
import { mendFedTables } from "./mendFedTables.ts";
import { isOneOf, longQuery, type OrderRef, readMessages } from "./readMessages.ts";

/** What settling some orders changed. */
export interface SettledBatch {
  /** Orders whose document is another one now. */
  changed: number;
  /** Leaf keys of clients whose orders these are, or were. */
  clientKeys: string[];
}

/** How order_payers names payments that name what they pay. */
const partOfPrefix = "part of ";

const refOf = ([first]: readonly OrderMessage[]): OrderRef => ({ source: first!.source, orderId: first!.orderId });
const keyOf = ({ source, orderId }: OrderRef): string => `${source} ${orderId}`;

/**
 * Owns the tables of orders: reads the messages of orders that were touched, folds them into documents and stores those
 * that say something new, with the difference that makes to revenue.
 *
 * **One writer an order**: a difference is right only against the last version. Whoever calls must be the only one that
 * settles orders of these sources at a time, or name the insert by a token that another caller would name as well.
 */
export class OrderTables {
  readonly #clickhouse: ClickHouse;
  readonly #rules: SaleRules;
  readonly #now: () => number;
  #hasParts = false;
  constructor(clickhouse: ClickHouse, rules: SaleRules, now: () => number = Date.now) {
    this.#clickhouse = clickhouse;
    this.#rules = rules;
    this.#now = now;
  }

  /**
   * @param refs orders that a message came for
   * @param token names the insert: stored twice under one token it counts once, whatever it holds
   */
  async settle(refs: readonly OrderRef[], token: string): Promise<SettledBatch> {
    const rows = await this.changedRows(refs);
    await this.#store(rows, token);
    return { changed: rows.length, clientKeys: [...new Set(rows.flatMap(({ owners }) => owners))] };
  }

  /**
   * Makes whole what a crash of ClickHouse may have left in parts, when orders are settled again: it writes the token of
   * a block to its log a moment before the block's part counts, so that a repeated insert can be taken for done of which
   * it holds no row, in the table itself or in one that a view feeds. Only one caller at a time, of all processes.
   * @returns leaf keys of clients whose figures changed
   */
  async mend(refs: readonly OrderRef[], token: string): Promise<string[]> {
    const lost = await this.changedRows(refs);
    await this.#store(lost, `${token}/anew`);
    const { clientKeys, revenue } = await mendFedTables(this.#clickhouse, refs);
    return lost.length === 0 && !revenue ? [] : clientKeys;
  }

  /** Documents of the orders, and of those that payments tie to them, which say something else than what is stored. */
  async changedRows(refs: readonly OrderRef[]): Promise<DocumentRow[]> {
    const orders = await this.#withTied(refs);
    if (orders.length === 0) return [];
    const stored = await this.#stored(orders.map(refOf));
    const messagesOf = new Map(orders.map((messages) => [keyOf(refOf(messages)), messages]));
    const wholes = (await this.#wholesOf(orders, messagesOf)).map(foldOrder);
    const bySource = Map.groupBy(orders.map(foldOrder), ({ source }) => source);
    const documents = [...bySource.values()].flatMap(matchPayments);
    const wholeOf = new Map([...documents, ...wholes].map((document) => [keyOf(document), document]));
    const now = this.#now();
    return documents.flatMap((document) => {
      const { source, partOf } = document;
      const key = keyOf(document);
      const whole = partOf === "" ? undefined : wholeOf.get(keyOf({ source, orderId: partOf }));
      return documentRow(document, messagesOf.get(key)!, whole, this.#rules, stored.get(key), now) ?? [];
    });
  }

  /**
   * Orders whose document lacks a message or was settled by other rules, a part at a time: those of a store that was
   * filled before there were documents, and what was not settled because its announcement was lost.
   */
  async *unsettled(): AsyncGenerator<OrderRef[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT toString(source) AS source, order_id AS orderId FROM order_messages GROUP BY source, order_id
        HAVING (source, order_id, uniqExact(event_id)) NOT IN (
          SELECT toString(source), order_id, toUInt64(argMax(messages, version)) FROM order_documents GROUP BY source, order_id
          HAVING argMax(rules, version) = {rules: String})`,
      query_params: { rules: rulesName(this.#rules) },
      format: "JSONEachRow",
    });
    for await (const rows of result.stream<OrderRef>()) yield rows.map((row) => row.json());
  }

  /** Messages by order, with those of orders that share a payer and an amount with one of them, or are payments of one. */
  async #withTied(refs: readonly OrderRef[]): Promise<OrderMessage[][]> {
    const own = await readMessages(this.#clickhouse, refs);
    const tied = [...(await this.#ofSamePayers(own, refs)), ...(await this.#partsOf(refs))];
    const known = new Set(own.map((messages) => keyOf(refOf(messages))));
    const others = new Map(tied.filter((ref) => !known.has(keyOf(ref))).map((ref) => [keyOf(ref), ref]));
    return [...own, ...(await readMessages(this.#clickhouse, [...others.values()]))];
  }

  async #ofSamePayers(orders: readonly OrderMessage[][], refs: readonly OrderRef[]): Promise<OrderRef[]> {
    const payers = orders.flat().filter(({ more }) => more.payer !== undefined);
    if (payers.length === 0) return [];
    const named = payers.map(({ source, more }) => ({ source, orderId: more.payer! }));
    const ofPayers = isOneOf(named).replaceAll("order_id IN", "payer IN");
    return await this.#refs(`(${ofPayers}) AND (source, payer, amount, currency) IN (
      SELECT source, payer, amount, currency FROM order_payers WHERE (${ofPayers}) AND (${isOneOf(refs)}))`);
  }

  /** Payments that name one of the orders as what they pay. */
  async #partsOf(refs: readonly OrderRef[]): Promise<OrderRef[]> {
    // Of most stores there are none.
    this.#hasParts ||= (await this.#refs(`startsWith(payer, '${partOfPrefix}')`, 1)).length > 0;
    if (!this.#hasParts) return [];
    const named = refs.map(({ source, orderId }) => ({ source, orderId: partOfPrefix + orderId }));
    return await this.#refs(isOneOf(named).replaceAll("order_id IN", "payer IN"));
  }

  async #refs(where: string, most = 0): Promise<OrderRef[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT DISTINCT toString(source) AS source, order_id AS orderId FROM order_payers WHERE ${where} LIMIT ${most === 0 ? "4294967295" : most}`,
      format: "JSONEachRow",
      clickhouse_settings: longQuery,
    });
    return await result.json<OrderRef>();
  }

  /** What payments name as their order or invoice and is not among the orders itself. */
  async #wholesOf(orders: readonly OrderMessage[][], known: ReadonlyMap<string, unknown>): Promise<OrderMessage[][]> {
    const named = new Map<string, OrderRef>();
    for (const { source, more } of orders.flat()) {
      if (more.part_of === undefined) continue;
      const ref = { source, orderId: more.part_of };
      if (!known.has(keyOf(ref))) named.set(keyOf(ref), ref);
    }
    return await readMessages(this.#clickhouse, [...named.values()]);
  }

  async #stored(refs: readonly OrderRef[]): Promise<Map<string, StoredDocument>> {
    const result = await this.#clickhouse.query({
      query: `SELECT toString(source) AS source, order_id, toUInt32(max(version)) AS version, argMax(toString(rules), order_documents.version) AS rules,
          argMax(toString(digest), order_documents.version) AS digest, argMax(toString(client_key), order_documents.version) AS client_key,
          argMax(arrayMap(moved -> [toString(moved.kind), moved.id, toString(toUnixTimestamp64Milli(moved.at)), toString(moved.currency),
            toString(moved.orders), toString(moved.gross), toString(moved.returned)], movements), order_documents.version) AS movements
        FROM order_documents WHERE ${isOneOf(refs)} GROUP BY source, order_id`,
      format: "JSONEachRow",
      clickhouse_settings: longQuery,
    });
    type Row = {
      source: string;
      order_id: string;
      version: number;
      rules: string;
      digest: string;
      client_key: string;
      movements: string[][];
    };
    return new Map(
      (await result.json<Row>()).map((row) => [
        keyOf({ source: row.source, orderId: row.order_id }),
        {
          version: row.version,
          rules: row.rules,
          digest: row.digest,
          clientKey: row.client_key,
          movements: row.movements.map(movementOf),
        },
      ]),
    );
  }

  async #store(rows: readonly DocumentRow[], token: string): Promise<void> {
    if (rows.length === 0) return;
    const bytes = Buffer.from(rows.map(({ json }) => json).join("\n"));
    await insertBytes(this.#clickhouse, "order_documents", documentColumns, "JSONCompactEachRow", bytes, {
      // Tuples are lists here.
      input_format_json_named_tuples_as_objects: 0,
      // Each order stands in it once.
      optimize_on_insert: 0,
      insert_deduplicate: 1,
      insert_deduplication_token: token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      async_insert: 0,
      wait_end_of_query: 1,
      input_format_parallel_parsing: 0,
      max_insert_block_size: "1000000",
      max_insert_threads: "1",
      min_insert_block_size_rows: "1000000",
      min_insert_block_size_bytes: "1000000000",
    });
  }
}

function movementOf([kind, id, at, currency, orders, gross, returned]: string[]): Movement {
  return {
    kind: kind as Movement["kind"],
    id: id!,
    atMs: Number(at),
    currency: currency!,
    orders: Number(orders),
    gross: unitsOf(gross!),
    returned: unitsOf(returned!),
  };
}
