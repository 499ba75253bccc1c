import { revenueSign, vocabulary } from "@keypulse/contracts";
import type { AcceptedEvent } from "../domain/outcome.ts";

/** Columns of `events` in the order of `eventRow`, less those that all rows of a batch share. */
export const eventColumns = [
  "client_key",
  "contact_key",
  "occurred_at",
  "event_id",
  "source",
  "kind",
  "type",
  "activity",
  "revenue_sign",
  "order_id",
  "amount",
  "currency",
  "items",
  "duration_seconds",
  "direction",
  "url",
  "message_id",
  "identifiers",
  "properties",
  "traits",
  "topic",
  "partition",
  "offset",
  "received_at",
  "batch_date",
] as const;

/** Properties that have a column of their own and are left out of the `properties` column. */
const typedProperties = new Set([
  "order_id",
  "invoice_id",
  "amount",
  "currency",
  "items",
  "duration_seconds",
  "direction",
  "url",
  "link",
  "message_id",
]);

interface Typed {
  order_id?: string;
  invoice_id?: string;
  amount?: string;
  currency?: string;
  items?: { sku: string; name?: string; category?: string; quantity: string; unit_price: string }[];
  duration_seconds?: number;
  direction?: string;
  url?: string;
  link?: string;
  message_id?: string;
  machine?: boolean;
}

/** The row of an accepted event: a pure function of its message, its place and its batch's day. */
export function eventRow(
  { event, identity, occurredAtMs, message }: AcceptedEvent,
  topic: string,
  partition: number,
  batchDate: string,
): unknown[] {
  const typed = event.properties as Typed;
  const { kind, activity } = vocabulary[event.type];
  return [
    identity.clientKey,
    identity.contactKey,
    // ClickHouse reads a whole number as ticks of a DateTime64(3): milliseconds, and no text has to be made.
    occurredAtMs,
    event.id,
    event.source,
    kind,
    event.type,
    activity && typed.machine !== true,
    revenueSign[event.type] ?? 0,
    typed.order_id ?? typed.invoice_id ?? "",
    typed.amount ?? "0",
    typed.currency ?? "",
    typed.items?.map((item) => [item.sku, item.name ?? "", item.category ?? "", item.quantity, item.unit_price]) ?? [],
    typed.duration_seconds ?? 0,
    typed.direction ?? "",
    typed.link ?? typed.url ?? "",
    typed.message_id ?? "",
    identity.values,
    otherProperties(event.properties),
    event.traits === undefined ? "" : JSON.stringify(event.traits),
    topic,
    partition,
    message.offset,
    message.timestampMs,
    batchDate,
  ];
}

function otherProperties(properties: Record<string, unknown>): string {
  let other: Record<string, unknown> | undefined;
  for (const name in properties) {
    if (typedProperties.has(name)) continue;
    other ??= {};
    other[name] = properties[name];
  }
  return other === undefined ? "" : JSON.stringify(other);
}
