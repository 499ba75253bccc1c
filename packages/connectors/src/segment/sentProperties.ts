import { asText } from "../json.ts";
import type { Fields } from "../members.ts";

/**
 * Names that mean something of their own in the contract. What the sender calls so need not mean the same, or have the
 * same type: it is kept as `sent_…`.
 */
const contractNames: ReadonlySet<string> = new Set([
  "amount",
  "campaign",
  "currency",
  "direction",
  "duration_seconds",
  "form",
  "invoice_id",
  "items",
  "link",
  "machine",
  "message_id",
  "name",
  "order_id",
  "referrer",
  "sku",
  "title",
  "url",
]);

/** Names that mean something in the contract of orders besides; elsewhere a `state` or a `version` is the sender's. */
export const orderNames: ReadonlySet<string> = new Set([
  ...contractNames,
  ...["state", "version", "part_of", "payer", "test", "subscription", "refunds", "refunded", "refund_id"],
  ...["liabilities", "placed_at", "paid_at", "fulfilled_at", "cancelled_at", "tax", "shipping", "discount"],
]);

/**
 * Our properties that are there, and all that the sender says beside them. What is `read` is in ours already, in another
 * form.
 */
export function withSent(
  ours: Fields,
  sent: Fields,
  read: ReadonlySet<string> = nothing,
  names: ReadonlySet<string> = contractNames,
): Fields {
  const all: Fields = {};
  for (const name in ours) if (ours[name] !== undefined) all[name] = ours[name];
  for (const name in sent) {
    // Assigning it would set what the object inherits from.
    if (name === "__proto__" || read.has(name)) continue;
    const value = sent[name];
    const isOurs = Object.hasOwn(ours, name) && ours[name] !== undefined;
    if (!isOurs && !names.has(name)) all[name] = value;
    else if (value !== "" && value !== null && asText(value) !== ours[name]) all[`sent_${name}`] = value;
  }
  return all;
}

const nothing: ReadonlySet<string> = new Set();
