import { createReadStream, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";
import type { EventType } from "@keypulse/contracts";
import { parse } from "csv-parse";
import type { WallMs } from "./calendar.ts";
import type { HistoricEvent } from "./event.ts";

/** One line of an invoice. Quantity and price keep the sign that the file gives them. */
export interface InvoiceLine {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  /** Thousandths of a pound: whole numbers add up exactly. */
  readonly priceMilli: number;
}

export interface Invoice {
  readonly number: string;
  /** London's clocks; the time of its first line. */
  readonly wallMs: WallMs;
  /** Empty where the file doesn't say. */
  readonly customer: string;
  readonly country: string;
  readonly lines: InvoiceLine[];
}

/** Last day of the file. */
export const lastDayOfFile = "2011-12-09";

const file = fileURLToPath(new URL("../../demo/online-retail.csv.gz", import.meta.url));
const columns = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/**
 * Lines of an invoice stand together but for one that another invoice cuts in two, so an invoice is complete once
 * this many later ones have begun.
 */
const openInvoices = 50;

/**
 * All 25,900 invoices in the order of their time.
 * @param onProgress is told the share of the file that was read, 0 to 1.
 * @throws Error where the file is not what this code was written for
 */
export async function* readOnlineRetail(onProgress?: (fraction: number) => void): AsyncGenerator<Invoice> {
  const compressed = createReadStream(file);
  const rows = compressed.pipe(createGunzip()).pipe(parse({ bom: true }));
  // pipe() passes no errors on, and the loop below only hears of those of `rows`.
  compressed.once("error", (error) => rows.destroy(error));
  const open = new Map<string, Invoice>();
  const closed = new Set<string>();
  const { size } = statSync(file);
  let header = true;
  for await (const row of rows as AsyncIterable<Row>) {
    if (header) {
      if (row.join(",") !== columns) throw new Error(`${file} has other columns: ${row.join(",")}`);
      header = false;
      continue;
    }
    const [number, sku, name, quantity, date, price, customer, country] = row;
    let invoice = open.get(number);
    if (!invoice) {
      if (closed.has(number)) throw new Error(`lines of invoice ${number} are too far from each other in ${file}`);
      invoice = { number, wallMs: Date.parse(`${date}Z`), customer, country, lines: [] };
      open.set(number, invoice);
      if (open.size > openInvoices) {
        const [oldest] = open.values();
        open.delete(oldest!.number);
        closed.add(oldest!.number);
        onProgress?.(compressed.bytesRead / size);
        yield oldest!;
      }
    }
    invoice.lines.push({ sku, name, quantity: Number(quantity), priceMilli: thousandths(price) });
  }
  yield* open.values();
}

type Row = [string, string, string, string, string, string, string, string];

/**
 * The event of an invoice. The contract knows no negative numbers, the type says which way the money goes: C… invoices
 * are cancellations; other invoices with negative quantities (stock written off at price 0) or a negative price (bad
 * debt adjusted) are refunds. No invoice has both signs.
 */
export function orderEvent(invoice: Invoice): HistoricEvent {
  const { number, customer, lines } = invoice;
  return {
    wallMs: invoice.wallMs,
    id: number,
    source: "online-retail",
    type: typeOf(invoice),
    identifiers: customer === "" ? {} : { account_id: customer },
    properties: {
      order_id: number,
      amount: decimal(amountMilli(invoice)),
      currency: "GBP",
      items: lines.map(({ sku, name, quantity, priceMilli }) => ({
        sku,
        ...(name !== "" && { name }),
        quantity: String(Math.abs(quantity)),
        unit_price: decimal(Math.abs(priceMilli)),
      })),
    },
  };
}

function typeOf({ number, lines }: Invoice): EventType {
  if (number.startsWith("C")) return "order.cancelled";
  return lines.some((line) => line.quantity < 0 || line.priceMilli < 0) ? "order.refunded" : "order.placed";
}

/** Sum of an invoice's lines without their sign, in thousandths. */
export function amountMilli({ lines }: Invoice): number {
  return lines.reduce((sum, line) => sum + Math.abs(line.quantity * line.priceMilli), 0);
}

/** Thousandths as a decimal: 2550 is 2.55, 1 is 0.001. */
export function decimal(milli: number): string {
  const digits = String(milli).padStart(4, "0");
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`.replace(/0$/, "");
}

function thousandths(text: string): number {
  const [, sign, whole, places = ""] = /^(-?)(\d+)(?:\.(\d{1,3}))?$/.exec(text) ?? [];
  if (whole === undefined) throw new Error(`"${text}" is not a price in ${file}`);
  const milli = Number(whole + places.padEnd(3, "0"));
  return sign === "-" ? -milli : milli;
}
