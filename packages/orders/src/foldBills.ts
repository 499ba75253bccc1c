import type { Bill, Billed } from "./document.ts";
import type { OrderMessage } from "./message.ts";
import { most, type Units } from "./money.ts";

interface OrderFacts {
  orderId: string;
  amount: Units;
  currency: string;
  placedAtMs: number;
  paidAtMs: number | undefined;
  isPlaced: boolean;
}

/**
 * The debts of an order: its invoices, or the order itself where its payment was reported and no invoice came. Most shops
 * report no payments: an order alone owes nothing that we know of.
 */
export function foldBills(sorted: readonly OrderMessage[], order: OrderFacts): Bill[] {
  const invoices = Map.groupBy(
    sorted.filter(({ type }) => type.startsWith("invoice.")),
    ({ more, orderId }) => more.invoice_id ?? orderId,
  );
  if (invoices.size > 0) return [...invoices].map(([number, messages]) => foldInvoice(number, messages));
  if (order.paidAtMs === undefined) return [];
  return [
    {
      number: order.orderId,
      kind: "order",
      amount: order.amount,
      credited: 0n,
      paid: order.amount,
      currency: order.currency,
      issuedAtMs: order.isPlaced ? order.placedAtMs : undefined,
      dueAtMs: undefined,
      paidAtMs: order.paidAtMs,
      overdueAtMs: undefined,
      state: "paid",
    },
  ];
}

/** What invoices come to; undefined where there are none, or all were voided. */
export function sumBills(sorted: readonly OrderMessage[], bills: readonly Bill[]): Billed | undefined {
  const owed = bills.filter(({ kind, state }) => kind === "invoice" && state !== "voided");
  if (owed.length === 0) return undefined;
  const numbers = new Set(owed.map(({ number }) => number));
  const credits = new Map(
    sorted
      .filter(({ type, more, orderId }) => type === "invoice.credited" && numbers.has(more.invoice_id ?? orderId))
      .map((message) => [message.more.credit_id ?? message.eventId, message]),
  );
  const paid = owed.map(({ paidAtMs }) => paidAtMs);
  return {
    amount: owed.reduce((sum, { amount }) => sum + amount, 0n),
    issuedAtMs: owed.reduce((first, { issuedAtMs }) => Math.min(first, issuedAtMs ?? first), sorted[0]!.occurredAtMs),
    paidAtMs: paid.every((atMs) => atMs !== undefined) ? Math.max(...paid) : undefined,
    credits: [...credits].map(([id, { occurredAtMs: atMs, amount, currency }]) => ({
      ...{ id, kind: "refunded" as const, atMs, amount, currency, lines: [] },
    })),
  };
}

/** The name of a payment that has none: the invoice is paid in full by it, or by parts that are named as well. */
const whole = "";

function paidBy(payments: ReadonlyMap<string, Units>, owed: Units): Units {
  const parts = [...payments].reduce((sum, [name, amount]) => (name === whole ? sum : sum + amount), 0n);
  const inFull = payments.get(whole);
  return inFull === undefined ? parts : most(parts, most(inFull, owed));
}

/** @param messages of one invoice by time */
function foldInvoice(number: string, messages: readonly OrderMessage[]): Bill {
  const of = (type: OrderMessage["type"]) => messages.filter((message) => message.type === type);
  const issued = of("invoice.issued");
  // What is overdue or paid is told with what is left of it; the invoice itself says what was owed.
  const { amount, currency } = issued.at(-1) ?? messages[0]!;
  const credits = new Map(
    of("invoice.credited").map(({ more, eventId, amount: credit }) => [more.credit_id ?? eventId, credit]),
  );
  const credited = [...credits.values()].reduce((sum, credit) => sum + credit, 0n);
  const owed = amount - credited;
  const payments = new Map<string, Units>();
  let paid = 0n;
  let paidAtMs: number | undefined;
  for (const { more, amount: payment, occurredAtMs } of of("invoice.paid")) {
    payments.set(more.payment_id ?? whole, payment);
    paid = paidBy(payments, owed);
    if (paidAtMs === undefined && paid >= owed) paidAtMs = occurredAtMs;
  }
  const ends = messages.filter(({ type }) => type !== "invoice.overdue" && type !== "invoice.credited");
  const last = ends.at(-1)?.type;
  const due = messages.filter(({ more }) => more.due_at !== undefined).at(-1)?.more.due_at;
  return {
    number,
    kind: "invoice",
    amount,
    credited,
    paid,
    currency,
    issuedAtMs: issued[0]?.occurredAtMs,
    dueAtMs: due,
    paidAtMs:
      last === "invoice.voided"
        ? undefined
        : (paidAtMs ?? (owed <= 0n && credited > 0n ? of("invoice.credited").at(-1)?.occurredAtMs : undefined)),
    overdueAtMs: of("invoice.overdue")[0]?.occurredAtMs,
    state:
      last === "invoice.voided"
        ? "voided"
        : paidAtMs !== undefined || (owed <= 0n && credited > 0n)
          ? "paid"
          : last === "invoice.uncollectible"
            ? "uncollectible"
            : "open",
  };
}
