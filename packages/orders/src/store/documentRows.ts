import { hash } from "node:crypto";
import type { OrderDocument } from "../document.ts";
import { judgeSale, type Movement, type Sale } from "../judgeSale.ts";
import { nobody, type OrderMessage } from "../message.ts";
import { decimalOf, product, type Units } from "../money.ts";
import { rulesName, type SaleRules } from "../rules.ts";
import { type StoryStep, tellStory } from "../tellStory.ts";

/** What of a document's last stored version is needed to store the next. */
export interface StoredDocument {
  version: number;
  rules: string;
  digest: string;
  clientKey: string;
  movements: readonly Movement[];
}

/** A version of a document, ready to be stored. */
export interface DocumentRow {
  /** Its values as a list in JSON, in the order of `documentColumns`; tuples are lists too. */
  json: string;
  /** Leaf keys of whose pages, lists and detectors it is about: the owner, and the one before where that changed. */
  owners: string[];
}

/** Columns of order_documents in the order in which rows hold them. */
export const documentColumns = [
  ...["source", "order_id", "version", "rules", "digest", "settled_at", "changes", "owners"],
  ...["client_key", "contact_key", "state", "counts", "why", "part_of", "currency", "amount", "tax", "shipping"],
  ...["discount", "liability", "refunds_pending", "placed_at", "paid_at", "fulfilled_at", "ended_at", "first_at"],
  ...["last_at", "messages", "movements", "lines", "bills", "story"],
] as const;

/** Milliseconds, which ClickHouse takes for such from eleven digits on; seconds before (until April 1970). */
const time = (ms: number | undefined): number | string | null =>
  ms === undefined ? null : ms >= 1e10 ? ms : (ms / 1000).toFixed(3);

/**
 * The row that stores a document, with what it changes in revenue.
 * @param messages that the document is made of
 * @param whole the order or invoice of which it is the payment, where that is known
 * @param stored its last version, undefined where it has none
 * @returns undefined where the last version says the same
 */
export function documentRow(
  document: OrderDocument,
  messages: readonly OrderMessage[],
  whole: OrderDocument | undefined,
  rules: SaleRules,
  stored: StoredDocument | undefined,
  nowMs: number,
): DocumentRow | undefined {
  const sale = judgeSale(document, rules, whole);
  // Made into text once: most of what settling an order costs here.
  const says = JSON.stringify(whatItSays(document, sale, tellStory(messages, document, sale, rules, whole)));
  const digest = BigInt(`0x${hash("sha1", says).slice(0, 16)}`).toString();
  const name = rulesName(rules);
  if (stored?.digest === digest && stored.rules === name) return undefined;
  const changes = changesOf(stored, { clientKey: document.clientKey, movements: sale.movements });
  const hasLeft = stored !== undefined && stored.clientKey !== document.clientKey;
  const owners = [[document.clientKey, false] as const, ...(hasLeft ? [[stored.clientKey, true] as const] : [])];
  const head = JSON.stringify([
    document.source,
    document.orderId,
    (stored?.version ?? 0) + 1,
    name,
    digest,
    time(nowMs),
    changes.map(({ clientKey, atMs, currency, orders, gross, returned }) => [
      clientKey,
      time(atMs),
      currency,
      orders,
      decimalOf(gross),
      decimalOf(returned),
    ]),
    owners,
  ]);
  return {
    json: `${head.slice(0, -1)},${says.slice(1)}`,
    owners: owners.map(([key]) => key).filter((key) => key !== nobody),
  };
}

/** What a document says, in the order of `documentColumns` from client_key on. */
function whatItSays(document: OrderDocument, sale: Sale, story: readonly StoryStep[]): unknown[] {
  const owed = document.liabilities.reduce((sum, { quantity, unitPrice }) => sum + product(quantity, unitPrice), 0n);
  return [
    document.clientKey,
    document.contactKey,
    document.state,
    sale.counts,
    sale.why,
    document.partOf,
    document.currency,
    document.amount === undefined ? null : decimalOf(document.amount),
    decimalOf(document.tax),
    decimalOf(document.shipping),
    document.discount === undefined ? null : decimalOf(document.discount),
    decimalOf(owed),
    decimalOf(document.refundsPending),
    time(document.placedAtMs),
    time(document.paidAtMs),
    time(document.fulfilledAtMs),
    time(document.endedAtMs),
    time(document.firstAtMs),
    time(document.lastAtMs),
    document.messages,
    sale.movements.map((moved) => [
      moved.kind,
      moved.id,
      time(moved.atMs),
      moved.currency,
      moved.orders,
      decimalOf(moved.gross),
      decimalOf(moved.returned),
    ]),
    sale.lines.map((line) => [
      line.kind,
      time(line.atMs),
      line.sku,
      line.name,
      line.category,
      decimalOf(line.quantity),
      decimalOf(line.unitPrice),
      decimalOf(line.amount),
    ]),
    document.bills.map((bill) => [
      bill.number,
      bill.kind,
      bill.state,
      bill.currency,
      decimalOf(bill.amount),
      decimalOf(bill.credited),
      decimalOf(bill.paid),
      time(bill.issuedAtMs),
      time(bill.dueAtMs),
      time(bill.paidAtMs),
      time(bill.overdueAtMs),
    ]),
    story.map((step) => [time(step.atMs), step.eventId, step.type, step.says, decimalOf(step.net)]),
  ];
}

interface Change {
  clientKey: string;
  atMs: number;
  currency: string;
  orders: number;
  gross: Units;
  returned: Units;
}

interface Moves {
  clientKey: string;
  movements: readonly Movement[];
}

/** What has to be added to revenue so that it holds what a document says now instead of what it said before. */
export function changesOf(before: Moves | undefined, now: Moves): Change[] {
  const changes = new Map<string, Change>();
  const add = ({ clientKey, movements }: Moves, sign: 1 | -1) => {
    for (const { atMs, currency, orders, gross, returned } of movements) {
      const key = `${clientKey} ${atMs} ${currency}`;
      let change = changes.get(key);
      if (change === undefined) {
        change = { clientKey, atMs, currency, orders: 0, gross: 0n, returned: 0n };
        changes.set(key, change);
      }
      change.orders += sign * orders;
      change.gross += BigInt(sign) * gross;
      change.returned += BigInt(sign) * returned;
    }
  };
  if (before !== undefined) add(before, -1);
  add(now, 1);
  return [...changes.values()].filter(({ orders, gross, returned }) => orders !== 0 || gross !== 0n || returned !== 0n);
}
