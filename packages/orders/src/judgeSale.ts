import type { OrderState } from "@keypulse/contracts";
import type { OrderDocument, Return } from "./document.ts";
import type { Line } from "./message.ts";
import { atLeastZero, least, product, share, type Units } from "./money.ts";
import { type SaleRules, stateEffects } from "./rules.ts";

/** What an order does to revenue at one time. */
export interface Movement {
  kind: "placed" | "refunded" | "cancelled" | "disputed";
  /** The refund's own id, empty for the sale itself. */
  id: string;
  atMs: number;
  currency: string;
  orders: number;
  gross: Units;
  returned: Units;
}

/** Pieces that a movement moves; negative where they come back. */
export interface MovedLine extends Line {
  kind: Movement["kind"];
  atMs: number;
  amount: Units;
}

export interface Sale {
  counts: boolean;
  /** Why it counts or does not, in words for people. */
  why: string;
  movements: Movement[];
  lines: MovedLine[];
}

const total = (lines: readonly Line[]): Units =>
  lines.reduce((sum, { quantity, unitPrice }) => sum + product(quantity, unitPrice), 0n);

/**
 * What a document does to revenue: its sale on its own day, and what went back on the days on which it went. Pure.
 * @param whole the order or invoice that the document is the payment of (`partOf`), where it is known
 */
export function judgeSale(said: OrderDocument, rules: SaleRules, whole?: OrderDocument): Sale {
  const document = asSold(said, rules);
  if (document.partOf !== "" && whole !== undefined) return judgePart(document, rules, whole);
  const verdict = judge(document, rules);
  const { counts, why } = verdict;
  if (!counts && !verdict.returnsCount) return { counts, why, movements: [], lines: [] };
  const movements: Movement[] = [];
  const lines: MovedLine[] = [];
  const { currency } = document;
  const value = revenueOf(document, rules);
  if (counts) {
    const atMs = saleTime(document, rules);
    movements.push({ kind: "placed", id: "", atMs, currency, orders: 1, gross: value, returned: 0n });
    lines.push(...document.lines.map((line) => moved(line, "placed", atMs, 1n)));
  }
  let left = value;
  for (const made of document.returns) {
    const amount = returnedRevenue(made, document, value);
    if (made.currency === currency) left -= amount;
    const { kind, id, atMs } = made;
    movements.push({ kind, id, atMs, currency: made.currency, orders: 0, gross: 0n, returned: amount });
    lines.push(...made.lines.filter(isSold(document)).map((line) => moved(line, kind, atMs, -1n)));
  }
  const { endedAtMs, state } = document;
  if (counts && endedAtMs !== undefined) {
    const kind = state === "cancelled" ? "cancelled" : "refunded";
    const returned = atLeastZero(left);
    if (returned > 0n) movements.push({ kind, id: "rest", atMs: endedAtMs, currency, orders: 0, gross: 0n, returned });
    lines.push(...restOf(document).map((line) => moved(line, kind, endedAtMs, -1n)));
  }
  return { counts, why, movements, lines };
}

/** An invoice that no order stands beside is a sale, where the workspace says so. */
function asSold(document: OrderDocument, { invoices }: SaleRules): OrderDocument {
  const { billed } = document;
  if (invoices === "debts" || billed === undefined) return document;
  const { amount, issuedAtMs, paidAtMs, credits } = billed;
  return { ...document, amount, placedAtMs: issuedAtMs, paidAtMs, returns: [...document.returns, ...credits] };
}

/**
 * What went back of a payment had been revenue as far as the whole is: without its tax, say, and not at all where the whole
 * does not count.
 */
function judgePart(document: OrderDocument, rules: SaleRules, told: OrderDocument): Sale {
  // What its invoices come to is in it already.
  const sale = judgeSale({ ...document, amount: undefined, billed: undefined }, rules);
  const whole = asSold(told, rules);
  const { counts } = judge(whole, rules);
  const value = counts ? revenueOf(whole, rules) : 0n;
  const amount = whole.amount ?? 0n;
  const movements = sale.movements
    .map((movement) => ({ ...movement, returned: counts ? share(movement.returned, value, amount) : 0n }))
    .filter(({ returned }) => returned !== 0n);
  return { ...sale, movements, lines: counts ? sale.lines : [] };
}

interface Verdict {
  counts: boolean;
  /** Money that went back counts although the sale does not: the sale is counted, or was never told, elsewhere. */
  returnsCount: boolean;
  why: string;
}

function judge(document: OrderDocument, rules: SaleRules): Verdict {
  const { state, states, paidAtMs, fulfilledAtMs } = document;
  const no = (why: string): Verdict => ({ counts: false, returnsCount: false, why });
  if (document.test) return no("a test order");
  if (document.partOf !== "") {
    return { counts: false, returnsCount: true, why: `counted in ${document.partOf}, whose payment it is` };
  }
  if (document.amount === undefined) {
    const why =
      document.returns.length > 0
        ? "only what went back is known"
        : document.billed === undefined
          ? "no amount is known"
          : "an invoice: no order is told of";
    return { counts: false, returnsCount: true, why };
  }
  const effect = state === "unknown" ? "counts" : stateEffects[state];
  if (effect === "not yet") return no(`${state}: no order yet`);
  if (effect === "never was") return no(`${state}: never was a sale`);
  if (document.subscription && rules.subscriptions === "never") return no("bills of subscriptions do not count here");
  const from = document.subscription && rules.subscriptions === "paid" ? "paid" : rules.saleFrom;
  // Money that went back had come.
  const wasFirm =
    ["placed", "paid", "fulfilled", "refunded"].some((firm) => states.has(firm as OrderState)) ||
    paidAtMs !== undefined ||
    document.returns.length > 0 ||
    state === "unknown";
  const isSale = { placed: wasFirm, paid: paidAtMs !== undefined, fulfilled: fulfilledAtMs !== undefined }[from];
  if (!isSale) return no(effect === "gives back" ? `${state} before it was a sale` : `not ${from} yet`);
  return {
    counts: true,
    returnsCount: true,
    why: effect === "gives back" ? `a sale that was ${state}` : `a sale: ${state}`,
  };
}

/** The order's own day, or the one on which it became a sale where a workspace counts from a later state. */
function saleTime({ placedAtMs, paidAtMs, fulfilledAtMs }: OrderDocument, { saleFrom }: SaleRules): number {
  if (saleFrom === "paid") return paidAtMs ?? placedAtMs;
  if (saleFrom === "fulfilled") return fulfilledAtMs ?? placedAtMs;
  return placedAtMs;
}

/** The amount without what is owed (gift cards, deposits) and without what the workspace leaves out. */
function revenueOf(document: OrderDocument, { without }: SaleRules): Units {
  if (document.amount === undefined) return 0n;
  const tax = without.includes("tax") ? document.tax : 0n;
  const shipping = without.includes("shipping") ? document.shipping : 0n;
  return atLeastZero(document.amount - least(total(document.liabilities), document.amount) - tax - shipping);
}

const isSold =
  ({ liabilities }: OrderDocument) =>
  ({ sku }: Line): boolean =>
    !liabilities.some((owed) => owed.sku === sku);

/** The part of what went back that had been revenue: as much of it as of the order, gift cards that are named apart. */
function returnedRevenue({ amount, lines }: Return, document: OrderDocument, value: Units): Units {
  if (document.amount === undefined || document.amount === value) return amount;
  const owed = total(document.liabilities);
  const sold = document.amount - owed;
  const ofOwed = total(lines.filter((line) => !isSold(document)(line)));
  if (ofOwed > 0n) return sold === 0n ? 0n : share(atLeastZero(amount - ofOwed), value, sold);
  return lines.length > 0 && owed > 0n ? share(amount, value, sold) : share(amount, value, document.amount);
}

/** Lines that have not come back yet. */
function restOf({ lines, returns }: OrderDocument): Line[] {
  const back = new Map<string, Units>();
  for (const { sku, quantity } of returns.flatMap((made) => made.lines)) {
    back.set(sku, (back.get(sku) ?? 0n) + quantity);
  }
  return lines.flatMap((line) => {
    const taken = line.quantity > 0n ? least(back.get(line.sku) ?? 0n, line.quantity) : 0n;
    back.set(line.sku, (back.get(line.sku) ?? 0n) - taken);
    return taken === line.quantity ? [] : [{ ...line, quantity: line.quantity - taken }];
  });
}

const moved = (line: Line, kind: Movement["kind"], atMs: number, sign: bigint): MovedLine => ({
  ...line,
  kind,
  atMs,
  quantity: sign * line.quantity,
  amount: sign * product(line.quantity, line.unitPrice),
});
