import { dayMs, startOfDay, type WallMs } from "./calendar.ts";
import { amountMilli, type Invoice, lastDayOfFile } from "./onlineRetail.ts";

/** A product that a client ordered. */
export interface OrderedProduct {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly priceMilli: number;
}

export interface PlacedOrder {
  readonly wallMs: WallMs;
  readonly invoice: string;
  readonly amountMilli: number;
  /** A few of what was ordered. */
  readonly products: readonly OrderedProduct[];
}

/** When a client ordered and for how much: what its other doings follow. */
export interface ClientRhythm {
  readonly customer: string;
  /** The country of its newest invoice: a few clients have two. */
  country: string;
  /** Its first invoice of any sort. */
  readonly firstMs: WallMs;
  /** In the order of their time. */
  readonly orders: PlacedOrder[];
}

const productsKept = 4;

/** Gathers rhythms from invoices that come in the order of their time. */
export class RhythmBook {
  readonly #clients = new Map<string, ClientRhythm>();

  add(invoice: Invoice): void {
    const { customer, country, wallMs, number, lines } = invoice;
    if (customer === "") return;
    let client = this.#clients.get(customer);
    if (!client) {
      client = { customer, country, firstMs: wallMs, orders: [] };
      this.#clients.set(customer, client);
    }
    client.country = country;
    if (number.startsWith("C")) return;
    // Pieces of postage and the like have codes without digits; they are no products.
    const products = lines.filter(({ sku, priceMilli }) => /\d/.test(sku) && priceMilli > 0).slice(0, productsKept);
    client.orders.push({ wallMs, invoice: number, amountMilli: amountMilli(invoice), products });
  }

  clients(): ClientRhythm[] {
    return [...this.#clients.values()];
  }
}

/** The end of the file's last day. */
export const endOfFileMs: WallMs = startOfDay(lastDayOfFile) + dayMs;

/** Usual days between orders: the median, a month where there are fewer than two gaps. */
export function usualGapMs({ orders }: ClientRhythm): number {
  const gaps = orders.slice(1).map((order, index) => order.wallMs - orders[index]!.wallMs);
  // Invoices of one morning are one order to a person.
  const apart = gaps.filter((gap) => gap > dayMs / 2).sort((a, b) => a - b);
  return apart.length < 2 ? 30 * dayMs : apart[apart.length >> 1]!;
}

/** Whether the client stopped ordering within the file: silent for far longer than usual for it. */
export function hasLeft(client: ClientRhythm): boolean {
  const last = client.orders.at(-1);
  return last === undefined || endOfFileMs - last.wallMs > Math.max(30 * dayMs, 2.5 * usualGapMs(client));
}
