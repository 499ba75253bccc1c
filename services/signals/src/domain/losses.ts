import type { NumberList } from "@keypulse/methods";

/** When a client counts as lost: limits of the portfolio (view `portfolio_settings`). */
export interface LostCriterion {
  /** After so many of its own usual gaps without an order, and so many days at least. */
  readonly gaps: number;
  readonly days: number;
  /** After so many days where it ordered on a single day. */
  readonly daysFirst: number;
}

/** A time in which a client was lost; days are local, since 1970-01-01. */
export interface Loss {
  readonly lastOrderDay: number;
  readonly lostDay: number;
  /** Day of the next order; undefined where none has come. */
  readonly backDay: number | undefined;
}

const gapsLookedAt = 20;

/**
 * Every time that a client was lost, oldest first, as the view `client_losses` has it: the median of its gaps so far, of
 * the last 20 at most, or what people said, if that was earlier. O(order days).
 *
 * @param orderDays days with an order, ascending, each once
 * @param saidDays days since which people say that it is lost
 */
export function lossesOf(
  orderDays: NumberList,
  saidDays: readonly number[],
  criterion: LostCriterion,
  today: number,
): Loss[] {
  const known = Array.from(orderDays).filter((day) => day <= today);
  const gaps: number[] = [];
  return known.flatMap((lastOrderDay, i) => {
    const backDay = known[i + 1];
    if (i > 0) gaps.push(lastOrderDay - known[i - 1]!);
    const end = backDay ?? today + 1;
    // Most gaps are far too short for any criterion: their medians need not be known.
    const said = saidDays.filter((day) => day >= lastOrderDay && day < end);
    if (said.length === 0 && end - lastOrderDay <= Math.min(criterion.days, criterion.daysFirst)) return [];
    const usual = medianOf(gaps.slice(-gapsLookedAt));
    const wait =
      usual === undefined ? criterion.daysFirst : Math.ceil(Math.max(criterion.days, criterion.gaps * usual));
    const lostDay = Math.min(lastOrderDay + wait + 1, ...said);
    return lostDay < end ? [{ lastOrderDay, lostDay, backDay }] : [];
  });
}

function medianOf(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1]! + sorted[half]!) / 2;
}
