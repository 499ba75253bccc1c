import { gapAtTail, gapTail, ratePosterior } from "./silence.ts";
import type { SourceClock } from "./sourceClock.ts";

const HOURS_A_YEAR = 24 * 365.25;
/** Prior of the rate on the clock: worth this many gaps of the mean 1 that the clock was made for. */
const PRIOR = { r: 4, alpha: 4 };
/** The source's largest gaps that say how its own tail falls, with a whole window behind it and with little. */
const LARGEST_GAPS = { most: 10, least: 3 };
/** The budget lets no more false calls come within a window; further outages are the source's own breaks. */
const MOST_CUT = 2;

/** How rare gaps of a source are; gaps are measured in events that are expected in them (on the source's clock). */
export interface OutageTail {
  readonly gapsAYear: number;
  /** Gaps a year that are longer than this, if nothing is broken. */
  longerAYear(events: number): number;
  /** The gap that so many a year exceed: the inverse. */
  exceededAYear(gaps: number): number;
  /** The same for a source without bursts. */
  atRandomAYear(gaps: number): number;
}

/**
 * The gamma-Poisson tail that judges clients (silence.ts), twice, and the larger of both counts. First over all gaps: the
 * posterior of the source's rate on its own clock, which holds for who sends at random within its week. Who sends in
 * bursts has gaps between them that are far longer than its rate says: so second over what its ten largest gaps exceed
 * the eleventh by (peaks over a threshold, Davison & Smith 1990, with the exponential excess that a Poisson stream
 * has). In a short history ten would reach into the gaps within bursts: fewer then, whose tail is the wider. O(gaps).
 *
 * @param gaps earlier gaps on the clock, without outages and holidays; zeros may be missing
 * @param cut lines that gaps went beyond which were called outages: left out wholly, they would make false ones ever likelier;
 *   oldest first
 */
export function outageTail(clock: SourceClock, gaps: readonly number[], cut: readonly number[]): OutageTail {
  const aYear = HOURS_A_YEAR / clock.seenHours;
  const gapsAYear = clock.activeHours * aYear;
  const all = ratePosterior(PRIOR, clock.lately.gaps, clock.lately.events);

  const count = Math.max(LARGEST_GAPS.least, Math.round(LARGEST_GAPS.most * Math.sqrt(clock.windowShare)));
  const largest = largestOf(gaps, count + 1);
  const above = largest[count] ?? 0;
  const excesses = largest.slice(0, count);
  const excess = [...excesses, ...cut.slice(-MOST_CUT)].reduce((sum, gap) => sum + Math.max(0, gap - above), 0);
  const own = { shape: excesses.length, rateDays: excess };
  const ownAYear = excesses.length * aYear;

  const ownLongerAYear = (beyond: number): number => {
    if (beyond <= 0) return ownAYear;
    return excess > 0 ? ownAYear * gapTail(own, beyond) : 0;
  };
  const atRandomAYear = (many: number): number => gapAtTail(all, Math.min(1, many / gapsAYear));
  return {
    gapsAYear,
    atRandomAYear,
    longerAYear: (events) => Math.max(gapsAYear * gapTail(all, events), ownLongerAYear(events - above)),
    exceededAYear: (many) =>
      Math.max(atRandomAYear(many), excess > 0 && many < ownAYear ? above + gapAtTail(own, many / ownAYear) : 0),
  };
}

/** Descending. */
export function largestOf(numbers: readonly number[], count: number): number[] {
  const largest: number[] = [];
  for (const number of numbers) {
    if (largest.length === count && number <= largest[count - 1]!) continue;
    let place = largest.length;
    while (place > 0 && largest[place - 1]! < number) place--;
    largest.splice(place, 0, number);
    if (largest.length > count) largest.pop();
  }
  return largest;
}
