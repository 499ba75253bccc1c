import { columnsOf, delimiterOf } from "./csv.ts";
import { onlineRetail } from "./onlineRetail.ts";
import type { KnownTable } from "./orderFormat.ts";
import { columnKey } from "./row.ts";
import { shopifyOrders } from "./shopifyOrders.ts";
import { stripePayments } from "./stripePayments.ts";
import { UnreadableFile } from "./text.ts";

export type TableName = "online-retail" | "shopify-orders" | "stripe-payments" | "woocommerce-orders";

export const knownTables: Record<TableName, KnownTable> = {
  "online-retail": onlineRetail,
  "shopify-orders": shopifyOrders,
  "stripe-payments": stripePayments,
  "woocommerce-orders": {
    title: "WooCommerce orders export",
    needed: [["Order #"], ["N. Revenue (formatted)"], ["Status"], ["Product(s)"]],
    refused:
      "WooCommerce's own export has neither mail addresses nor a currency, so nobody could be known by it: export with a plugin and describe its columns by a mapping, or wire the shop's webhooks",
    create() {
      throw new UnreadableFile(this.refused ?? "");
    },
  },
};

/** What a file is, by its first line. */
export type Recognition =
  /** One JSON object a line. */
  | { format: "ndjson" }
  | { format: TableName; title: string; delimiter: string; columns: string[]; refused?: string }
  /** A table that is known only to whoever writes a mapping for it. */
  | { format: undefined; delimiter: string; columns: string[] };

/** @param headerRow the first line that isn't empty, with or without byte order mark */
export function recogniseFile(headerRow: string): Recognition {
  const row = headerRow.replace(/^\ufeff/, "").trim();
  if (row.startsWith("{")) return { format: "ndjson" };
  const delimiter = delimiterOf(row);
  const columns = columnsOf(row, delimiter);
  const keys = new Set(columns.map(columnKey));
  for (const [format, { title, needed, refused }] of Object.entries(knownTables)) {
    const fits = needed.every((names) => names.some((name) => keys.has(columnKey(name))));
    if (fits) return { format: format as TableName, title, delimiter, columns, ...(refused && { refused }) };
  }
  return { format: undefined, delimiter, columns };
}
