import type { RefundState } from "@keypulse/contracts";
import { addDecimals, asDecimal, isZero, multiplyDecimals, perPiece } from "../amounts.ts";
import { present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { ElementFault, type Fields, neededAmount, neededInstant, neededText, objectsOf } from "../members.ts";
import { transactionStates } from "./states.ts";

/** A refund as Shopify tells it: of money, of pieces that come back or were edited away, or of both. */
export interface ShopifyRefund {
  id: string;
  at: string;
  state: RefundState;
  /** What went or goes back, or would have; "0.00" where it is of pieces alone. */
  money: string;
  /** Of the payment, which may be another than the shop's. */
  currency: string | undefined;
  /** What its pieces cost, with tax. */
  worth: string;
  /** Pieces by the id of their line. */
  pieces: Map<string, string>;
  items: Fields[] | undefined;
  note: string | undefined;
}

export const isOfMoney = ({ money }: ShopifyRefund): boolean => !isZero(money);

/** Whether money went back, or is about to. */
export const takesMoney = (refund: ShopifyRefund): boolean =>
  isOfMoney(refund) && (refund.state === "succeeded" || refund.state === "pending");

/** @throws ElementFault */
export function readRefund(refund: Fields): ShopifyRefund {
  const lines = objectsOf(refund.refund_line_items);
  const { state, amount, currency } = moneyOf(refund);
  const items = lines.flatMap(itemOf);
  return {
    id: neededText(refund, "id"),
    at: neededInstant(refund, "processed_at", "created_at"),
    state,
    money: amount,
    currency,
    worth: addDecimals("0.00", ...lines.map(worthOf)),
    pieces: new Map(lines.map((part) => [asText(part.line_item_id) ?? "", asDecimal(part.quantity) ?? "0"])),
    items: items.length > 0 ? items : undefined,
    note: asText(refund.note),
  };
}

/** The sum of a refund's transactions that succeeded, else of those that wait, else of those that failed. */
function moneyOf(refund: Fields): { state: RefundState; amount: string; currency: string | undefined } {
  const transactions = objectsOf(refund.transactions).filter(({ kind }) => kind === "refund");
  const currencies = new Set(transactions.map(({ currency }) => asText(currency)));
  if (currencies.size > 1) throw new ElementFault("transactions.currency: one refund has several");
  const [currency] = currencies;
  for (const state of ["succeeded", "pending", "failed"] as const) {
    const some = transactions.filter(({ status }) => stateOfTransaction(status) === state);
    if (some.length === 0) continue;
    return { state, amount: addDecimals("0.00", ...some.map((one) => neededAmount(one, "amount"))), currency };
  }
  return { state: "succeeded", amount: "0.00", currency };
}

function stateOfTransaction(status: unknown): RefundState {
  const name = asText(status);
  return name !== undefined && Object.hasOwn(transactionStates, name)
    ? transactionStates[name as keyof typeof transactionStates]
    : "succeeded";
}

function worthOf(part: Fields): string {
  const [subtotal, tax] = [asDecimal(part.subtotal), asDecimal(part.total_tax)];
  if (subtotal !== undefined) return addDecimals(subtotal, tax ?? "0");
  const [quantity, price] = [asDecimal(part.quantity), asDecimal(asObject(part.line_item).price)];
  return quantity === undefined || price === undefined ? "0.00" : multiplyDecimals(price, quantity);
}

/** What came back, where the refund carries the lines themselves; gift cards too, which the order says were no revenue. */
function itemOf(part: Fields): Fields[] {
  const line = asObject(part.line_item);
  const sku = asText(line.sku) ?? asText(line.variant_id) ?? asText(line.title);
  const [quantity, price, subtotal] = [asDecimal(part.quantity), asDecimal(line.price), asDecimal(part.subtotal)];
  if (sku === undefined || quantity === undefined) return [];
  const paid = (subtotal !== undefined && perPiece(subtotal, quantity)) || price;
  return paid === undefined ? [] : [present({ sku, name: asText(line.title), quantity, unit_price: paid })];
}
