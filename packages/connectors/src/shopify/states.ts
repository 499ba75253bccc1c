import type { OrderState } from "@keypulse/contracts";
import type { StateMeaning } from "../orderVersions.ts";

/**
 * Every financial status of an order in Shopify. Source: GraphQL Admin API 2026-10, OrderDisplayFinancialStatus; REST
 * writes them in small letters. An order exists only once a checkout is complete, so that even an unpaid one is placed.
 * Beside it `cancelled_at` goes before all, and what is paid is fulfilled once `fulfillment_status` says so.
 */
export const financialStates: Readonly<Record<string, StateMeaning>> = {
  pending: { state: "placed", does: "counts", why: "paid by transfer, on delivery or by terms: firm, the money comes" },
  authorized: { state: "authorized", does: "does not count yet", why: "the money is reserved and not taken" },
  partially_paid: { state: "placed", does: "counts", why: "a deposit was paid, the rest is owed" },
  paid: { state: "paid", does: "counts" },
  partially_refunded: { state: "paid", does: "counts", why: "its refunds take away what went back" },
  refunded: { state: "refunded", does: "takes all back" },
  voided: { state: "cancelled", does: "takes all back", why: "cancelled by hand before money was taken" },
  expired: { state: "failed", does: "never was a sale", why: "the reservation ran out, or the payment failed" },
};

/** The state of an order; a status that nobody knows is one of an order that was placed. */
export function stateOf(financial: string | undefined, isCancelled: boolean, isFulfilled: boolean): OrderState {
  if (isCancelled) return "cancelled";
  const known =
    financial !== undefined && Object.hasOwn(financialStates, financial) ? financialStates[financial] : undefined;
  const state = known?.state ?? "placed";
  return state === "paid" && isFulfilled ? "fulfilled" : state;
}

/** What became of a refund's transaction. Source: REST Admin API 2026-07, Transaction, status. */
export const transactionStates = {
  success: "succeeded",
  pending: "pending",
  failure: "failed",
  error: "failed",
} as const;
