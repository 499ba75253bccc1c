import type { FuturePurchases } from "./futurePurchases.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";

/** A fitted model, asked about one client at a time. Times are in the unit that it was fitted in. */
export interface LeavingModel {
  /** P(alive): the probability that the client has not left for good, at the end of the history. */
  probabilityAlive(client: PurchaseSummary): number;
  /** Purchases expected within the next `horizon`, those who have left counting for none. */
  expectedPurchases(client: PurchaseSummary, horizon: number): number;
  /** The same as a distribution. */
  futurePurchases(client: PurchaseSummary, horizon: number): FuturePurchases;
  /** Repeat purchases expected of a client within `horizon` of their first purchase. */
  expectedOfNewClient(horizon: number): number;
}

/** @throws RangeError */
export function checkHorizon(horizon: number): void {
  if (!(horizon >= 0 && Number.isFinite(horizon))) throw new RangeError(`horizon must be >= 0, got ${horizon}`);
}

/** @throws RangeError */
export function checkPositive(parameters: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be > 0 and finite, got ${value}`);
  }
}
