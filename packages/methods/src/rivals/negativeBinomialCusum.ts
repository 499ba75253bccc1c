import { SKIPPED_WEEK_FACTOR } from "../dropScore.ts";
import { geometricSteps, type WeeklyRule } from "./weeklyRule.ts";

/** Falls that the two CUSUMs are tuned to: to a fifth, and to 60 %. */
const TUNED_RATIOS = [0.2, 0.6] as const;
const LEVEL_DECAY = 0.5 ** (1 / 26);
/** Weeks before the level is trusted. */
const MIN_WEEKS = 13;
/** A level held this long has become the past: the low level is the new one (as the episode rules say). */
const MAX_HELD_WEEKS = 26;

/**
 * What one week adds to a CUSUM of counts: the log-likelihood ratio of a fall to rho * mu against mu,
 *   y (ln rho - q) - k q,  q = ln((rho mu + k) / (mu + k));  with k infinite (Poisson)  y ln rho + mu (1 - rho)
 * (Page 1954; Rogerson & Yamada 2004; Höhle & Paul 2008 for the negative binomial).
 *
 * @param expected mu > 0, the count expected this week
 * @param size k of the negative binomial: variance mu + mu^2 / k; Infinity for Poisson
 */
export function cusumIncrement(count: number, expected: number, ratio: number, size: number): number {
  if (size === Number.POSITIVE_INFINITY) return count * Math.log(ratio) + expected * (1 - ratio);
  const q = Math.log((ratio * expected + size) / (expected + size));
  return count * (Math.log(ratio) - q) - size * q;
}

/** What one client carries from week to week. Plain JSON. */
export interface CusumState {
  /** One sum for each ratio. */
  sums: number[];
  /** Decayed counts and factors: A / E is lambda, events in a usual week. */
  A: number;
  E: number;
  /** Decayed sums for k by moments: of (y - mu)^2, mu and mu^2. */
  squares: number;
  means: number;
  meanSquares: number;
  weeks: number;
  heldWeeks: number;
}

export function createCusumState(): CusumState {
  const sums = TUNED_RATIOS.map(() => 0);
  return { sums, A: 0, E: 0, squares: 0, means: 0, meanSquares: 0, weeks: 0, heldWeeks: 0 };
}

/**
 * Takes one week in: two CUSUMs at once, level with a half-life of 26 weeks, held while the larger is above
 * threshold / 2, k by moments. After 26 held weeks it starts again from the level of those weeks. Mutates `state`. O(1).
 *
 * @returns the larger sum; undefined while there are fewer than 13 weeks, or in a skipped week (factor < 0.2)
 */
export function stepCusum(state: CusumState, count: number, factor: number, threshold: number): number | undefined {
  if (factor < SKIPPED_WEEK_FACTOR) return undefined;
  const isReady = state.weeks >= MIN_WEEKS && state.A > 0;
  let largest: number | undefined;
  if (isReady) {
    const expected = (state.A / state.E) * factor;
    const size = momentSize(state);
    largest = 0;
    for (let i = 0; i < TUNED_RATIOS.length; i++) {
      state.sums[i] = Math.max(0, state.sums[i]! + cusumIncrement(count, expected, TUNED_RATIOS[i]!, size));
      largest = Math.max(largest, state.sums[i]!);
    }
    if (largest > threshold / 2 && state.heldWeeks < MAX_HELD_WEEKS) {
      state.heldWeeks++;
      return largest;
    }
    if (state.heldWeeks >= MAX_HELD_WEEKS) Object.assign(state, createCusumState());
    else learnSpread(state, count, expected);
  }
  state.heldWeeks = 0;
  state.A = LEVEL_DECAY * state.A + count;
  state.E = LEVEL_DECAY * state.E + factor;
  state.weeks++;
  return largest;
}

function learnSpread(state: CusumState, count: number, expected: number): void {
  state.squares = LEVEL_DECAY * state.squares + (count - expected) ** 2;
  state.means = LEVEL_DECAY * state.means + expected;
  state.meanSquares = LEVEL_DECAY * state.meanSquares + expected ** 2;
}

/** k = sum(mu^2) / (sum((y - mu)^2) - sum(mu)): Poisson where the counts spread no more than that. */
function momentSize(state: CusumState): number {
  const excess = state.squares - state.means;
  return excess > 0 && state.meanSquares > 0 ? Math.max(0.05, state.meanSquares / excess) : Number.POSITIVE_INFINITY;
}

export const cusumRule: WeeklyRule = {
  key: "cusum",
  title: "negative-binomial CUSUM",
  thresholds: geometricSteps(0.5, 30, 20),
  usesThreshold: true,
  score(counts, factors, threshold) {
    const state = createCusumState();
    const scores = new Array<number | undefined>(counts.length);
    for (let week = 0; week < counts.length; week++) {
      scores[week] = stepCusum(state, counts[week]!, factors[week]!, threshold);
    }
    return scores;
  },
};
