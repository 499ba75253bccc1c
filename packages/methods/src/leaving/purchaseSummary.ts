import type { RepeatHistory } from "../silencePrior.ts";

/** One client's purchases as the models see them (Fader, Hardie & Lee 2005); all times in one unit, such as weeks. */
export interface PurchaseSummary extends RepeatHistory {
  /** x: days with a purchase after the first such day. */
  readonly repeats: number;
  /** t_x: time of the last purchase since the first; 0 where there was one. */
  readonly recency: number;
  /** T: time from the first purchase to the end of observation. */
  readonly exposure: number;
  /** Sum of ln(interval) between purchases, of which MBG/CNBD-k learns regularity; absent: only k = 1 can be fitted. */
  readonly logIntervals?: number;
}

export interface ClientPurchases extends PurchaseSummary {
  readonly logIntervals: number;
  /** Mean amount of the repeat purchases, an amount a day; undefined without repeats or amounts. */
  readonly repeatValue: number | undefined;
  /** Days with a purchase after the end of observation, up to the end of the hold-out. */
  readonly heldOut: number;
  /** Mean amount of those days; undefined without any or without amounts. */
  readonly heldOutValue: number | undefined;
}

export interface Observation {
  /** Last day that is observed; purchases of that day count. */
  readonly endDay: number;
  /** Days in the unit of time: 7 for weeks. */
  readonly unitDays: number;
  /** Last day of the hold-out; none when absent. */
  readonly holdOutEndDay?: number;
}

/**
 * Sums up a client's purchases until `endDay`. Purchases of one day are one purchase, their amounts added, as in the
 * papers: two baskets an hour apart are not a rhythm. O(purchases log purchases).
 *
 * @param days whole days on any calendar, such as days since 1970, in any order
 * @param amounts of the same purchases, in the same order
 * @returns undefined when the client bought nothing until endDay
 * @throws RangeError when a day is no whole number or an amount is not finite, or amounts are fewer than days
 */
export function summarisePurchases(
  days: readonly number[],
  { endDay, unitDays, holdOutEndDay = endDay }: Observation,
  amounts?: readonly number[],
): ClientPurchases | undefined {
  if (!(unitDays > 0 && Number.isFinite(unitDays))) throw new RangeError(`unitDays must be > 0, got ${unitDays}`);
  if (amounts !== undefined && amounts.length !== days.length) {
    throw new RangeError(`${days.length} purchases have ${amounts.length} amounts`);
  }
  const order = days.map((_, index) => index).sort((a, b) => days[a]! - days[b]!);
  let first: number | undefined;
  let last = 0;
  let heldOutDay: number | undefined;
  let [repeats, logIntervals, spent, heldOut, spentLater] = [0, 0, 0, 0, 0];
  for (const index of order) {
    const day = days[index]!;
    const amount = amounts?.[index] ?? 0;
    if (!Number.isInteger(day)) throw new RangeError(`days must be whole numbers, got ${day}`);
    if (!Number.isFinite(amount)) throw new RangeError(`amounts must be finite, got ${amount}`);
    if (day > endDay) {
      if (first === undefined) return undefined;
      if (day > holdOutEndDay) break;
      if (day !== heldOutDay) heldOut++;
      heldOutDay = day;
      spentLater += amount;
    } else if (first === undefined) {
      first = day;
      last = day;
    } else {
      if (day > last) {
        repeats++;
        logIntervals += Math.log((day - last) / unitDays);
        last = day;
      }
      if (day > first) spent += amount;
    }
  }
  if (first === undefined) return undefined;
  return {
    repeats,
    recency: (last - first) / unitDays,
    exposure: (endDay - first) / unitDays,
    logIntervals,
    repeatValue: repeats > 0 && amounts !== undefined ? spent / repeats : undefined,
    heldOut,
    heldOutValue: heldOut > 0 && amounts !== undefined ? spentLater / heldOut : undefined,
  };
}
