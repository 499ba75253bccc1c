import type { StateMeaning } from "../orderVersions.ts";

/**
 * What each event about an order in Segment's e-commerce specification (version 2, "Ordering") says of the order.
 * "Order Shipped" is not in it, but often sent. The specification has no word for an order that isn't paid.
 */
export const orderEventStates: Readonly<Record<string, StateMeaning | undefined>> = {
  "Order Completed": { state: "paid", does: "counts" },
  "Order Updated": undefined,
  "Order Refunded": { state: "refunded", does: "takes all back", why: "where it says no amount; else that amount" },
  "Order Cancelled": { state: "cancelled", does: "takes all back" },
  "Order Shipped": { state: "fulfilled", does: "counts" },
};
