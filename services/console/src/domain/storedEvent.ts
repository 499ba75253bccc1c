import type { EventType } from "@keypulse/contracts";

/** A row of `events` as ClickHouse gives it in JSON. */
export interface EventRow {
  event_id: string;
  type: EventType;
  kind: string;
  occurred: string;
  order_id: string;
  amount: string;
  currency: string;
  items: Record<string, string>[];
  duration_seconds: number;
  direction: string;
  url: string;
  message_id: string;
  identifiers: Record<string, string>;
  properties: string;
  traits: string;
}

/** An event as the contract has it, put together again from its columns. */
export interface UnifiedEvent {
  id: string;
  type: EventType;
  occurred_at: string;
  identifiers: Record<string, string>;
  properties: Record<string, unknown>;
  traits?: Record<string, unknown>;
}

/** Columns that `unifiedEvent` needs, for a SELECT from `events`. */
export const eventColumns = `event_id, type, kind,
  formatDateTime(occurred_at, '%FT%T.', 'UTC') || leftPad(toString(toUnixTimestamp64Milli(occurred_at) % 1000), 3, '0') || 'Z' AS occurred,
  order_id, toString(amount) AS amount, currency,
  arrayMap(item -> map('sku', item.sku, 'name', item.name, 'category', item.category,
    'quantity', toString(item.quantity), 'unit_price', toString(item.unit_price)), items) AS items,
  duration_seconds, direction, url, message_id, identifiers, properties, traits`;

export function unifiedEvent(row: EventRow): UnifiedEvent {
  return {
    id: row.event_id,
    type: row.type,
    occurred_at: row.occurred,
    identifiers: row.identifiers,
    properties: { ...typedProperties(row), ...(row.properties === "" ? {} : JSON.parse(row.properties)) },
    ...(row.traits === "" ? {} : { traits: JSON.parse(row.traits) }),
  };
}

/** What has a column of its own; an empty one was not sent. */
function typedProperties(row: EventRow): Record<string, unknown> {
  const typed: Record<string, unknown> = {};
  if (row.order_id !== "") typed[row.type.startsWith("invoice.") ? "invoice_id" : "order_id"] = row.order_id;
  if (row.currency !== "") Object.assign(typed, { amount: row.amount, currency: row.currency });
  if (row.items.length > 0) typed.items = row.items.map(withoutEmpty);
  if (row.duration_seconds > 0 || row.type === "call.completed") typed.duration_seconds = row.duration_seconds;
  if (row.direction !== "") typed.direction = row.direction;
  if (row.url !== "") typed[row.type === "email.clicked" ? "link" : "url"] = row.url;
  if (row.message_id !== "") typed.message_id = row.message_id;
  return typed;
}

const withoutEmpty = (item: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(item).filter(([, value]) => value !== ""));
