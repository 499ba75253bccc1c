import type { OrderState } from "@keypulse/contracts";
import type { StateMeaning } from "../orderVersions.ts";

/**
 * Every status of an order in WooCommerce. Sources: REST API v3, "Order properties", status; "Order statuses" in
 * WooCommerce's documentation; class WC_Order and OrderInternalStatus of WooCommerce 10; drafts of the block checkout.
 * Which of them are revenue is as in WooCommerce Analytics, which leaves out pending, failed, cancelled and drafts.
 */
export const statuses: Readonly<Record<string, StateMeaning>> = {
  "auto-draft": { state: "draft", does: "does not count yet", why: "the form of an order made by hand was opened" },
  draft: { state: "draft", does: "does not count yet" },
  "checkout-draft": { state: "draft", does: "does not count yet", why: "a checkout was begun" },
  pending: { state: "pending", does: "does not count yet", why: "received, and not paid" },
  "on-hold": { state: "placed", does: "counts", why: "firm, stock is taken; a transfer or cheque is awaited" },
  processing: {
    state: "placed",
    does: "counts",
    why: "paid where it has a date of payment; cash on delivery has none",
  },
  completed: { state: "fulfilled", does: "counts" },
  cancelled: { state: "cancelled", does: "takes all back", why: "a payment that arrives later revives it" },
  refunded: { state: "refunded", does: "takes all back" },
  failed: { state: "failed", does: "never was a sale", why: "the payment was refused; the client may try again" },
  trash: { state: "deleted", does: "never was a sale", why: "restored orders come again with their status" },
};

/**
 * The state of an order. Extensions add statuses of their own: what was paid counts, anything else waits, because nobody
 * here knows what it means.
 */
export function stateOf(status: string, isPaid: boolean): OrderState {
  const known = Object.hasOwn(statuses, status) ? statuses[status] : undefined;
  if (known === undefined) return isPaid ? "paid" : "pending";
  return status === "processing" && isPaid ? "paid" : known.state;
}
