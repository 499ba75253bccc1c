import { SKIPPED_WEEK_FACTOR } from "../dropScore.ts";
import { logGamma, normalTail } from "../specialFunctions.ts";
import { geometricSteps, type WeeklyRule } from "./weeklyRule.ts";

/**
 * Bayesian online changepoint detection (Adams & MacKay 2007) of weekly counts: Poisson with a gamma prior, so that a run
 * without a change predicts negative binomially; a change comes in any week with the same probability.
 */

/** One change in five years is expected: the study's run length between false alarms. */
const HAZARD = 1 / 260;
/** A new run's rate is exponential around the level: it may be anything, and most likely lower. */
const PRIOR_SHAPE = 1;
/** "Clearly below": under this share of the earlier level. At .75 the study's table of delays comes out, at .7 later halves. */
const CLEAR_SHARE = 0.75;
/** Runs less likely than this, against the likeliest, are forgotten: it bounds how many there are (section 2.4). */
const LEAST_PROBABILITY = 1e-3;
const LEVEL_DECAY = 0.5 ** (1 / 26);
const MIN_WEEKS = 13;
const MOST_CERTAIN = 1 - 1e-9;

/** Weeks since the last change, told by what they taught: the gamma posterior of the rate since then. */
export interface Run {
  readonly probability: number;
  readonly shape: number;
  readonly rate: number;
}

/** A run of weeks at a known level: what is believed before a chart begins. */
export function runOf(level: number, weeks: number): Run {
  return { probability: 1, shape: PRIOR_SHAPE + Math.round(level * weeks), rate: PRIOR_SHAPE / level + weeks };
}

/**
 * Takes one week in: every run goes on or ends, and all are weighed by how well they foretold the count. Probabilities sum
 * to 1. O(runs), of which pruning leaves some twenty.
 *
 * @param level events a week that a new run is expected around, > 0
 * @param exposure weeks that the count stands for (the peer factor), > 0
 */
export function stepRuns(
  runs: readonly Run[],
  count: number,
  level: number,
  exposure = 1,
  leastProbability = LEAST_PROBABILITY,
): Run[] {
  const born = { probability: HAZARD, shape: PRIOR_SHAPE, rate: PRIOR_SHAPE / level };
  const candidates = [born, ...runs.map((run) => ({ ...run, probability: run.probability * (1 - HAZARD) }))];
  const weighed = candidates.map(({ probability, shape, rate }) => ({
    // Negative binomial but for the factors that all runs share.
    log:
      Math.log(probability) +
      logGamma(shape + count) -
      logGamma(shape) +
      shape * Math.log(rate / (rate + exposure)) -
      count * Math.log(rate + exposure),
    shape: shape + count,
    rate: rate + exposure,
  }));
  const logLeast = Math.log(leastProbability);
  const most = weighed.reduce((highest, { log }) => Math.max(highest, log), Number.NEGATIVE_INFINITY);
  const kept = weighed.filter(({ log }) => log - most > logLeast);
  const total = kept.reduce((sum, { log }) => sum + Math.exp(log - most), 0);
  return kept.map(({ log, shape, rate }) => ({ probability: Math.exp(log - most) / total, shape, rate }));
}

/** Posterior probability that the rate is below 0.75 of a level now. */
export function probabilityBelow(runs: readonly Run[], level: number): number {
  return runs.reduce(
    (sum, { probability, shape, rate }) => sum + probability * gammaBelow(shape, CLEAR_SHARE * level * rate),
    0,
  );
}

/**
 * P(G < x) of a gamma distribution of whole shape and rate 1: the tail of a Poisson count. Beyond 20 by Wilson & Hilferty
 * 1931, right to .001, at a tenth of the time.
 */
export function gammaBelow(shape: number, x: number): number {
  if (shape > 20) {
    const z = 3 * Math.sqrt(shape) * (Math.cbrt(x / shape) - 1 + 1 / (9 * shape));
    return z < -8 ? 0 : z > 8 ? 1 : normalTail(-z);
  }
  let term = Math.exp(-x);
  let above = 0;
  for (let j = 1; j <= shape; j++) {
    above += term;
    term *= x / j;
  }
  return Math.max(0, 1 - above);
}

/** The level is the client's own, half-life 26 weeks. Compared is -ln(1 - P), which tells .99 from .999. */
export const onlineChangepointRule: WeeklyRule = {
  key: "bocpd",
  title: "Bayesian online changepoint",
  thresholds: geometricSteps(0.02, 20, 60),
  usesThreshold: false,
  score(counts, factors) {
    let runs: Run[] = [];
    let sum = 0;
    let weight = 0;
    let weeks = 0;
    return counts.map((count, week) => {
      const factor = factors[week]!;
      if (factor < SKIPPED_WEEK_FACTOR) return undefined;
      const level = sum / weight;
      const isReady = ++weeks > MIN_WEEKS && level > 0;
      if (isReady) runs = stepRuns(runs.length > 0 ? runs : [runOf(level, weeks - 1)], count, level, factor);
      sum = LEVEL_DECAY * sum + count;
      weight = LEVEL_DECAY * weight + factor;
      return isReady ? -Math.log1p(-Math.min(MOST_CERTAIN, probabilityBelow(runs, level))) : undefined;
    });
  },
};
