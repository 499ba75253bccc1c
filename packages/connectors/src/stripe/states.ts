import type { OrderState, RefundState } from "@keypulse/contracts";
import type { StateMeaning } from "../orderVersions.ts";

/*
 * Every state that Stripe gives what is paid here. Source: the types of the npm package stripe 23.1 (API 2026-10-28),
 * against which a test holds these tables, and the API reference of each object.
 */

/** PaymentIntent.status. */
export const paymentIntentStates: Readonly<Record<string, StateMeaning>> = {
  requires_payment_method: { state: "pending", does: "does not count yet", why: "new, or an attempt failed" },
  requires_confirmation: { state: "pending", does: "does not count yet" },
  requires_action: { state: "pending", does: "does not count yet", why: "the client has to confirm it" },
  processing: { state: "pending", does: "does not count yet", why: "SEPA and the like take days, and may fail" },
  requires_capture: { state: "authorized", does: "does not count yet", why: "reserved, and not taken" },
  canceled: { state: "failed", does: "never was a sale", why: "a reservation was let go: paid ones are refunded" },
  succeeded: { state: "paid", does: "counts" },
};

/** Charge.status, of a charge that was captured. */
export const chargeStates: Readonly<Record<string, StateMeaning>> = {
  pending: { state: "pending", does: "does not count yet" },
  failed: { state: "failed", does: "never was a sale", why: "another charge of its payment intent may succeed" },
  succeeded: { state: "paid", does: "counts", why: "authorized while captured is false" },
};

/** Checkout.Session.payment_status, of a session that is complete. */
export const checkoutStates: Readonly<Record<string, StateMeaning>> = {
  paid: { state: "paid", does: "counts" },
  no_payment_required: { state: "paid", does: "counts", why: "free, or a trial" },
  unpaid: { state: "pending", does: "does not count yet", why: "the money is on its way, or only reserved" },
};

/** Invoice.status. An invoice is a sale once it is paid; until then it is a debt. */
export const invoiceStates: Readonly<Record<string, StateMeaning>> = {
  draft: { state: "draft", does: "does not count yet" },
  open: { state: "pending", does: "does not count yet", why: "it is owed" },
  paid: { state: "paid", does: "counts" },
  void: { state: "deleted", does: "never was a sale", why: "written in error: only unpaid ones can be voided" },
  uncollectible: { state: "failed", does: "never was a sale", why: "given up; may still be paid" },
};

/** Refund.status. Documented in the API reference; the package has it as a text. */
export const refundStates: Readonly<Record<string, RefundState>> = {
  pending: "pending",
  requires_action: "pending",
  succeeded: "succeeded",
  failed: "failed",
  canceled: "cancelled",
};

/** Dispute.status. Inquiries (warning_…) take no money; prevented ones were settled by a refund, which is told itself. */
export const disputeStates: Readonly<Record<string, "open" | "lost" | "won">> = {
  needs_response: "open",
  under_review: "open",
  appeal_needs_response: "open",
  appeal_under_review: "open",
  warning_needs_response: "open",
  warning_under_review: "open",
  warning_closed: "won",
  prevented: "won",
  won: "won",
  lost: "lost",
};

/** The state by a table; what a newer API version adds waits until somebody says what it means. */
export function stateOf(table: Readonly<Record<string, StateMeaning>>, status: unknown): OrderState {
  const known = typeof status === "string" && Object.hasOwn(table, status) ? table[status] : undefined;
  return known?.state ?? "pending";
}
