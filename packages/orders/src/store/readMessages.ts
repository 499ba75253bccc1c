import type { EventType } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";
import { type OrderMessage, readDetails } from "../message.ts";
import { unitsOf } from "../money.ts";

/** An order of a source. */
export interface OrderRef {
  source: string;
  orderId: string;
}

interface MessageRow {
  source: string;
  order_id: string;
  event_id: string;
  type: EventType;
  at: number;
  client_key: string;
  contact_key: string;
  amount: string;
  currency: string;
  items: [sku: string, name: string, category: string, quantity: string, unitPrice: string][];
  properties: string;
}

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/**
 * SQL of a condition on `source` and `order_id`: orders by source, so that the index serves. Written into the query, for
 * parameters go into the request's address, which thousands of ids are too long for.
 */
export function isOneOf(refs: readonly OrderRef[]): string {
  const parts = [...Map.groupBy(refs, ({ source }) => source)].map(
    ([source, list]) =>
      `(source = ${quote(source)} AND order_id IN (${list.map(({ orderId }) => quote(orderId)).join(", ")}))`,
  );
  return parts.length === 0 ? "false" : parts.join(" OR ");
}

/** Settings of queries that name thousands of orders. */
export const longQuery = {
  max_query_size: "268435456",
  max_ast_elements: "10000000",
  max_expanded_ast_elements: "10000000",
  output_format_json_quote_64bit_integers: 0,
} as const;

/** All messages of some orders, in lists by order. */
export async function readMessages(clickhouse: ClickHouse, refs: readonly OrderRef[]): Promise<OrderMessage[][]> {
  if (refs.length === 0) return [];
  const result = await clickhouse.query({
    query: `SELECT toString(source) AS source, order_id, event_id, toString(type) AS type, toUnixTimestamp64Milli(occurred_at) AS at,
        toString(client_key) AS client_key, toString(contact_key) AS contact_key, toString(amount) AS amount, toString(currency) AS currency,
        arrayMap(item -> [item.sku, item.name, item.category, toString(item.quantity), toString(item.unit_price)], items) AS items, properties
      FROM order_messages WHERE ${isOneOf(refs)}`,
    format: "JSONEachRow",
    clickhouse_settings: longQuery,
  });
  const byOrder = new Map<string, OrderMessage[]>();
  for (const row of await result.json<MessageRow>()) {
    const key = `${row.source} ${row.order_id}`;
    const list = byOrder.get(key) ?? [];
    byOrder.set(key, list);
    list.push(messageOf(row));
  }
  return [...byOrder.values()];
}

function messageOf(row: MessageRow): OrderMessage {
  return {
    source: row.source,
    orderId: row.order_id,
    eventId: row.event_id,
    type: row.type,
    occurredAtMs: row.at,
    clientKey: row.client_key,
    contactKey: row.contact_key,
    amount: unitsOf(row.amount),
    currency: row.currency,
    items: row.items.map(([sku, name, category, quantity, unitPrice]) => ({
      sku,
      name,
      category,
      quantity: unitsOf(quantity),
      unitPrice: unitsOf(unitPrice),
    })),
    more: readDetails(row.properties),
  };
}
