import { hash } from "node:crypto";
import type { OrderDocument } from "../document.ts";
import { judgeSale, type Movement } from "../judgeSale.ts";
import { nobody, type OrderMessage } from "../message.ts";
import { decimalOf, product, type Units } from "../money.ts";
import { rulesName, type SaleRules } from "../rules.ts";
import { tellStory } from "../tellStory.ts";

/** What of a document's last stored version is needed to store the next. */
export interface StoredDocument {
  version: number;
  rules: string;
  digest: string;
  clientKey: string;
  movements: readonly Movement[];
}

/** A row of order_documents; tuples as lists. */
export type DocumentRow = Readonly<Record<string, unknown>>;

const seconds = (ms: number | undefined): string | null => (ms === undefined ? null : (ms / 1000).toFixed(3));

/**
 * The row that stores a document, with what it changes in revenue.
 * @param messages that the document is made of
 * @param stored its last version, undefined where it has none
 * @returns undefined where the last version says the same
 */
export function documentRow(
  document: OrderDocument,
  messages: readonly OrderMessage[],
  rules: SaleRules,
  stored: StoredDocument | undefined,
  nowMs: number,
): DocumentRow | undefined {
  const sale = judgeSale(document, rules);
  const says = {
    client_key: document.clientKey,
    contact_key: document.contactKey,
    state: document.state,
    counts: sale.counts,
    why: sale.why,
    part_of: document.partOf,
    currency: document.currency,
    amount: document.amount === undefined ? null : decimalOf(document.amount),
    tax: decimalOf(document.tax),
    shipping: decimalOf(document.shipping),
    discount: document.discount === undefined ? null : decimalOf(document.discount),
    liability: decimalOf(
      document.liabilities.reduce((sum, { quantity, unitPrice }) => sum + product(quantity, unitPrice), 0n),
    ),
    refunds_pending: decimalOf(document.refundsPending),
    placed_at: seconds(document.placedAtMs),
    paid_at: seconds(document.paidAtMs),
    fulfilled_at: seconds(document.fulfilledAtMs),
    ended_at: seconds(document.endedAtMs),
    first_at: seconds(document.firstAtMs),
    last_at: seconds(document.lastAtMs),
    messages: document.messages,
    movements: sale.movements.map((moved) => [
      moved.kind,
      moved.id,
      seconds(moved.atMs),
      moved.currency,
      moved.orders,
      decimalOf(moved.gross),
      decimalOf(moved.returned),
    ]),
    lines: sale.lines.map((line) => [
      line.kind,
      seconds(line.atMs),
      line.sku,
      line.name,
      line.category,
      decimalOf(line.quantity),
      decimalOf(line.unitPrice),
      decimalOf(line.amount),
    ]),
    bills: document.bills.map((bill) => [
      bill.number,
      bill.kind,
      bill.state,
      bill.currency,
      decimalOf(bill.amount),
      decimalOf(bill.credited),
      decimalOf(bill.paid),
      seconds(bill.issuedAtMs),
      seconds(bill.dueAtMs),
      seconds(bill.paidAtMs),
      seconds(bill.overdueAtMs),
    ]),
    story: tellStory(messages, document, rules).map((step) => [
      seconds(step.atMs),
      step.eventId,
      step.type,
      step.says,
      decimalOf(step.net),
    ]),
  };
  const digest = BigInt(`0x${hash("sha1", JSON.stringify(says)).slice(0, 16)}`).toString();
  const name = rulesName(rules);
  if (stored?.digest === digest && stored.rules === name) return undefined;
  const changes = changesOf(stored, { clientKey: document.clientKey, movements: sale.movements });
  const hasLeft = stored !== undefined && stored.clientKey !== document.clientKey;
  return {
    source: document.source,
    order_id: document.orderId,
    version: (stored?.version ?? 0) + 1,
    rules: name,
    digest,
    settled_at: seconds(nowMs),
    ...says,
    changes: changes.map((change) => [
      change.clientKey,
      seconds(change.atMs),
      change.currency,
      String(change.orders),
      decimalOf(change.gross),
      decimalOf(change.returned),
    ]),
    owners: [[document.clientKey, false], ...(hasLeft ? [[stored.clientKey, true]] : [])],
  };
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

/** Whose pages, lists and detectors a stored row is about. */
export const ownersOf = ({ owners }: DocumentRow): string[] =>
  (owners as [string, boolean][]).map(([key]) => key).filter((key) => key !== nobody);
