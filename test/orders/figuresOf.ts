import { type AnyConnector, connectors, type MappedEvent } from "@keypulse/connectors";
import { type FileFormat, readOrders } from "@keypulse/connectors/files";
import { parseEvent } from "@keypulse/contracts";
import { createIdentityResolver } from "@keypulse/identity";
import {
  decimalOf,
  foldOrder,
  judgeSale,
  matchPayments,
  type OrderMessage,
  readDetails,
  unitsOf,
  usualRules,
} from "@keypulse/orders";

/** One webhook: the topic where its provider says it in a header, and the body. */
export interface Hook {
  topic?: string;
  body: object;
}

const source = "shop";
const receivedAt = new Date("2026-11-30T00:00:00Z");
const resolve = createIdentityResolver({ defaultCountry: undefined });

/** What a provider's connector makes of its messages. @throws Error where one is a fault */
export async function eventsOfHooks(provider: string, hooks: readonly Hook[]): Promise<MappedEvent[]> {
  const connector = connectors.find(({ name }) => name === provider) as AnyConnector;
  const context = { source, secrets: ["unused"], settings: connector.settings.parse({}), receivedAt };
  const parsed = await Promise.all(
    hooks.map(({ topic = "", body }) =>
      connector.parse(
        {
          method: "POST",
          url: `https://collector.example/hooks/${source}`,
          headers: { "x-wc-webhook-topic": topic, "x-shopify-topic": topic },
          body: Buffer.from(JSON.stringify(body)),
        },
        context,
      ),
    ),
  );
  return parsed.flat().flatMap((element) => {
    if ("fault" in element) throw new Error(element.fault);
    return "events" in element ? element.events : [];
  });
}

/** What a file's orders make. @throws Error where one is refused */
export async function eventsOfFile(text: string, format: FileFormat = "auto"): Promise<MappedEvent[]> {
  const orders = await Array.fromAsync(readOrders([Buffer.from(text)], format));
  return orders.flatMap((order) => {
    if ("fault" in order) throw new Error(order.fault);
    return order.events;
  });
}

/** Messages as ingest keeps them: of those with one id the first one. */
function messagesOf(events: readonly MappedEvent[]): OrderMessage[] {
  const messages = new Map<string, OrderMessage>();
  for (const mapped of events) {
    if (messages.has(mapped.id) || !/^(order|refund|payment|invoice)\./.test(mapped.type)) continue;
    const parsed = parseEvent({ ...mapped, source });
    if ("problem" in parsed) throw new Error(parsed.problem.detail);
    const { order_id, amount, currency = "", items, ...more } = parsed.event.properties;
    const { clientKey, contactKey } = resolve(parsed.event.identifiers);
    const isZero = amount !== undefined && Number(amount) === 0;
    const isEmpty = Array.isArray(items) && items.length === 0;
    messages.set(mapped.id, {
      source,
      orderId: String(order_id ?? more.invoice_id),
      eventId: mapped.id,
      type: mapped.type,
      occurredAtMs: Date.parse(mapped.occurred_at),
      clientKey,
      contactKey,
      amount: unitsOf(String(amount ?? "0")),
      currency: String(currency),
      items: readDetails(JSON.stringify({ items })).items ?? [],
      more: readDetails(JSON.stringify({ ...more, ...(isZero && { amount }), ...(isEmpty && { items }) })),
    });
  }
  return [...messages.values()];
}

/** What a set of events comes to. */
export interface Figures {
  orders: number;
  net: number;
  /** By day of the year and kind, such as "11-20 placed". */
  byDay: Record<string, number>;
  pieces: Record<string, number>;
  /** State of each invoice, and what of it is owed. */
  bills: Record<string, [state: string, owed: number]>;
}

export function figuresOf(events: readonly MappedEvent[]): Figures {
  const orders = Map.groupBy(messagesOf(events), ({ orderId }) => orderId);
  const documents = matchPayments([...orders.values()].map((messages) => foldOrder(messages)));
  const sales = documents.map((document) => judgeSale(document, usualRules));
  const figures: Figures = { orders: 0, net: 0, byDay: {}, pieces: {}, bills: {} };
  for (const { atMs, kind, orders: count, gross, returned } of sales.flatMap(({ movements }) => movements)) {
    const day = `${new Date(atMs).toISOString().slice(5, 10)} ${kind}`;
    const amount = Number(decimalOf(gross - returned));
    figures.orders += count;
    figures.net += amount;
    figures.byDay[day] = (figures.byDay[day] ?? 0) + amount;
  }
  for (const { sku, quantity } of sales.flatMap(({ lines }) => lines)) {
    figures.pieces[sku] = (figures.pieces[sku] ?? 0) + Number(decimalOf(quantity));
  }
  for (const { number, kind, state, amount, credited, paid } of documents.flatMap(({ bills }) => bills)) {
    if (kind !== "invoice") continue;
    figures.bills[number] = [state, state === "open" ? Number(decimalOf(amount - credited - paid)) : 0];
  }
  return figures;
}
