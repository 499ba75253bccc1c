import type { OrderDocument } from "./document.ts";

/** A payment and the bill that it pays are told within this time. */
const windowMs = 10 * 60_000;

const amountOf = (document: OrderDocument): string => `${document.payer}|${document.amount}|${document.currency}`;

const invoiceOf = (document: OrderDocument) => document.bills.find(({ kind }) => kind === "invoice");

/**
 * Ties payments to bills where the provider does not name the bill (Stripe since API version 2025-03-31 has no `invoice`
 * on PaymentIntent and Charge): one payer, amount and currency, paid within ten minutes, each bill once, the nearest in
 * time first. What is tied is counted in the bill. A pure function of the set.
 *
 * @param documents of one source; those of other payers stay as they are
 */
export function matchPayments(documents: readonly OrderDocument[]): OrderDocument[] {
  const named = documents.filter(({ payer, amount }) => payer !== "" && amount !== undefined);
  const bills = named.filter((document) => invoiceOf(document) !== undefined && document.partOf === "");
  const payments = named.filter((document) => document.bills.every(({ kind }) => kind === "order"));
  const taken = new Set(payments.map(({ partOf }) => partOf).filter((id) => id !== ""));
  const pairs = payments
    .filter(({ partOf, paidAtMs }) => partOf === "" && paidAtMs !== undefined)
    .flatMap((payment) =>
      bills
        .filter((bill) => amountOf(bill) === amountOf(payment) && paidTime(bill) !== undefined)
        .map((bill) => ({ payment, bill, apartMs: Math.abs(paidTime(bill)! - payment.paidAtMs!) })),
    )
    .filter(({ apartMs }) => apartMs <= windowMs)
    .sort(
      (one, other) =>
        one.apartMs - other.apartMs ||
        compare(one.payment.orderId, other.payment.orderId) ||
        compare(one.bill.orderId, other.bill.orderId),
    );
  const partOf = new Map<string, string>();
  for (const { payment, bill } of pairs) {
    if (partOf.has(payment.orderId) || taken.has(bill.orderId)) continue;
    partOf.set(payment.orderId, bill.orderId);
    taken.add(bill.orderId);
  }
  return documents.map((document) => {
    const bill = partOf.get(document.orderId);
    return bill === undefined ? document : { ...document, partOf: bill };
  });
}

const paidTime = (bill: OrderDocument): number | undefined => invoiceOf(bill)?.paidAtMs ?? bill.paidAtMs;

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
