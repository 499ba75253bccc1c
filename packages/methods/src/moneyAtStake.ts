/** An order, or a return with a negative amount. */
export interface OrderAmount {
  readonly atMs: number;
  /** In the workspace's currency. */
  readonly amount: number;
}

const YEAR_MS = 365 * 86_400_000;
/** Amounts are added as whole ten-thousandths, exact up to 900 billion; results are rounded to hundredths. */
const PARTS = 10_000;

/**
 * Revenue of the 365 days up to and including endMs, net of returns, never below 0. O(orders).
 *
 * Amounts are rounded to ten-thousandths and added as integers, so that 0.1 + 0.2 is 0.3 and order does not matter;
 * books belong in the warehouse's Decimal, this is for saying "about 48,000 at stake".
 *
 * @throws RangeError when an amount or a time is not finite
 */
export function revenueOfYearBefore(orders: Iterable<OrderAmount>, endMs: number): number {
  if (!Number.isFinite(endMs)) throw new RangeError(`endMs must be finite, got ${endMs}`);
  let parts = 0;
  for (const { atMs, amount } of orders) {
    if (!Number.isFinite(amount) || !Number.isFinite(atMs)) {
      throw new RangeError(`order needs a finite amount and time, got ${amount} at ${atMs}`);
    }
    if (atMs > endMs - YEAR_MS && atMs <= endMs) parts += Math.round(amount * PARTS);
  }
  return Math.max(0, inHundredths(parts / PARTS));
}

/**
 * Money at stake in a drop: a year's revenue times the share that went missing, 1 - ratio. A client that grew has
 * nothing at stake.
 *
 * @param yearRevenue revenueOfYearBefore the drop (the alarm, or better the start of its 8-week window)
 * @param ratio levelNow / levelBefore of the evidence, >= 0
 * @throws RangeError when an argument is negative or not finite
 */
export function moneyAtStakeOfDrop(yearRevenue: number, ratio: number): number {
  if (!(yearRevenue >= 0 && Number.isFinite(yearRevenue))) {
    throw new RangeError(`revenue must be finite and >= 0, got ${yearRevenue}`);
  }
  if (!(ratio >= 0 && Number.isFinite(ratio))) throw new RangeError(`ratio must be finite and >= 0, got ${ratio}`);
  return inHundredths(yearRevenue * Math.max(0, 1 - ratio));
}

/**
 * Money at stake in a silence: the revenue of the 365 days up to the last order, however long ago that was; 0 without
 * orders. A return is no order, but counts against the revenue.
 *
 * @throws RangeError as revenueOfYearBefore
 */
export function moneyAtStakeOfSilence(orders: readonly OrderAmount[]): number {
  let lastOrderMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, amount } of orders) if (amount > 0) lastOrderMs = Math.max(lastOrderMs, atMs);
  return lastOrderMs === Number.NEGATIVE_INFINITY ? 0 : revenueOfYearBefore(orders, lastOrderMs);
}

function inHundredths(amount: number): number {
  return Math.round(amount * 100) / 100;
}
