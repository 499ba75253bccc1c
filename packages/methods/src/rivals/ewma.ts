import { SKIPPED_WEEK_FACTOR } from "../dropScore.ts";
import { evenSteps, type WeeklyRule } from "./weeklyRule.ts";

const WEIGHT = 0.1;
const LEVEL_DECAY = 0.5 ** (1 / 26);
const MIN_WEEKS = 13;

/** Exponentially weighted mean of weekly counts (Roberts 1959): z = 0.9 z + 0.1 y. */
export function nextEwma(mean: number, count: number): number {
  return (1 - WEIGHT) * mean + WEIGHT * count;
}

/** How far the EWMA lies below the client's level (half-life 26 weeks), as a share of it. */
export const ewmaRule: WeeklyRule = {
  key: "ewma",
  title: "EWMA 0.1 against own level",
  thresholds: evenSteps(0.02, 0.98, 49),
  usesThreshold: false,
  score(counts, factors) {
    let mean: number | undefined;
    let sum = 0;
    let weight = 0;
    let weeks = 0;
    return counts.map((count, week) => {
      const factor = factors[week]!;
      if (factor < SKIPPED_WEEK_FACTOR) return undefined;
      sum = LEVEL_DECAY * sum + count;
      weight = LEVEL_DECAY * weight + factor;
      mean = mean === undefined ? count / factor : nextEwma(mean, count / factor);
      const level = sum / weight;
      return ++weeks <= MIN_WEEKS || level === 0 ? undefined : 1 - mean / level;
    });
  },
};
