import type { OrderState } from "@keypulse/contracts";
import type { Line } from "./message.ts";
import type { Units } from "./money.ts";

/** Money that went back, or was never to come. */
export interface Return {
  /** The refund's, dispute's or partial cancellation's own id; `rest` for what a whole cancellation takes. */
  id: string;
  kind: "refunded" | "cancelled" | "disputed";
  atMs: number;
  amount: Units;
  currency: string;
  lines: readonly Line[];
}

/** A debt: an invoice, or an order whose payment was reported. */
export interface Bill {
  number: string;
  kind: "invoice" | "order";
  amount: Units;
  credited: Units;
  paid: Units;
  currency: string;
  issuedAtMs: number | undefined;
  dueAtMs: number | undefined;
  paidAtMs: number | undefined;
  /** When the sender first called it overdue. */
  overdueAtMs: number | undefined;
  state: "open" | "paid" | "voided" | "uncollectible";
}

/** Invoices as the sale that they are where no order is told of. */
export interface Billed {
  /** Without those that were voided. */
  amount: Units;
  issuedAtMs: number;
  paidAtMs: number | undefined;
  credits: readonly Return[];
}

/** All that its sender last said of an order; a pure function of the set of its messages. */
export interface OrderDocument {
  source: string;
  orderId: string;
  /** unknown where only money that went back is known. */
  state: OrderState | "unknown";
  /** Leaf keys of whom it belongs to, nobody's where no message says. */
  clientKey: string;
  contactKey: string;
  currency: string;
  /** Grand total now; undefined where nothing says it. */
  amount: Units | undefined;
  tax: Units;
  shipping: Units;
  /** Already taken off the amount; undefined where nobody says. */
  discount: Units | undefined;
  /** Gift cards sold and deposits taken, part of the amount. */
  liabilities: readonly Line[];
  lines: readonly Line[];
  returns: readonly Return[];
  /** Refunds that were announced and may still fail. */
  refundsPending: Units;
  bills: readonly Bill[];
  /** What its invoices come to, where nothing else says an amount. */
  billed: Billed | undefined;
  placedAtMs: number;
  paidAtMs: number | undefined;
  fulfilledAtMs: number | undefined;
  /** When it was cancelled or given back as a whole; undefined unless that is its state. */
  endedAtMs: number | undefined;
  /** States that it ever had: what was never firm leaves no trace when it is cancelled. */
  states: ReadonlySet<OrderState>;
  test: boolean;
  subscription: boolean;
  /** The order or invoice in which the sale is counted. */
  partOf: string;
  payer: string;
  messages: number;
  firstAtMs: number;
  lastAtMs: number;
}
