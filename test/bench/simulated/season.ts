import { dropPresets, replayDropWeeks } from "@keypulse/methods";
import { type Panel, type SimulatedRule, together } from "./judge.ts";

const weeksAYear = 52;
/** Weeks either side of the same week of last year that are looked at together. */
const reach = 2;
const yearReach = 26;
const leastFactor = 0.25;
const mostFactor = 4;

/**
 * What a client's season makes of a week, from last year: events in the five weeks around the same week against those of
 * the 52 around it, after the peer factor has taken out what all do alike. Shrunk to 1 by `prior` events; 1 where last year
 * is not whole. O(weeks), causal.
 *
 * @param factors peer factors of the same weeks, > 0
 */
export function lastYearFactors(counts: readonly number[], factors: readonly number[], prior: number): number[] {
  const events = running(counts);
  const expected = running(factors);
  return counts.map((_, week) => {
    const middle = week - weeksAYear;
    const from = middle - yearReach;
    if (from < 0) return 1;
    const sum = (sums: readonly number[], first: number, last: number) => sums[last + 1]! - sums[first]!;
    const usual = sum(events, from, middle + yearReach) / sum(expected, from, middle + yearReach);
    const then = sum(events, middle - reach, middle + reach);
    const usualThen = usual * sum(expected, middle - reach, middle + reach);
    return Math.min(mostFactor, Math.max(leastFactor, (then + prior) / (usualThen + prior)));
  });
}

/** The same from all clients together: with the peer factor taken out there is nothing left of what they share. */
function panelFactors({ company, allFactors }: Panel, prior: number): number[] {
  const all = company.clients.map(together);
  const sums = allFactors.map((_, week) => all.reduce((sum, counts) => sum + counts[week]!, 0) / all.length);
  return lastYearFactors(sums, allFactors, prior);
}

const scoresOf = (counts: readonly number[], factors: readonly number[], season: readonly number[]) => {
  const seasonal = factors.map((factor, week) => (factor < 0.2 ? factor : Math.max(0.2, factor * season[week]!)));
  return replayDropWeeks(counts, seasonal, { preset: dropPresets.fast }).scores.map((score) => score?.alarmScore);
};

export const usualRule: SimulatedRule = {
  title: "drop score, fast",
  learn:
    ({ allFactors }) =>
    (channels) =>
      scoresOf(
        together(channels),
        allFactors,
        allFactors.map(() => 1),
      ),
};

export const panelSeasonRule: SimulatedRule = {
  title: "panel's last year",
  learn: (panel) => {
    const season = panelFactors(panel, 10);
    return (channels) => scoresOf(together(channels), panel.allFactors, season);
  },
};

export const ownSeasonRule = (prior: number): SimulatedRule => ({
  title: `own last year, prior ${prior}`,
  learn:
    ({ allFactors }) =>
    (channels) => {
      const counts = together(channels);
      return scoresOf(counts, allFactors, lastYearFactors(counts, allFactors, prior));
    },
});

const priors = [2, 5, 10, 20, 50, 200];

/**
 * Own last year, with the prior that would have foretold the panel's clients best so far, by the Poisson deviance of five
 * weeks at a time; none at all where "no season" foretells as well.
 */
export const learnedSeasonRule: SimulatedRule = {
  title: "own last year, prior learned",
  learn: ({ company, allFactors, learnUntil }) => {
    const all = company.clients.map(together);
    const lossOf = (seasonOf: (counts: readonly number[]) => readonly number[]): number => {
      let loss = 0;
      for (const counts of all) {
        const season = seasonOf(counts);
        const events = running(counts);
        const expected = running(allFactors);
        for (let week = weeksAYear + yearReach; week + yearReach <= learnUntil; week += 2 * reach + 1) {
          const sum = (sums: readonly number[], around: number) => sums[week + around + 1]! - sums[week - around]!;
          const usual = (sum(events, yearReach) / sum(expected, yearReach)) * sum(expected, reach);
          if (!(usual > 0)) continue;
          const foretold = usual * season[week]!;
          loss += foretold - sum(events, reach) * Math.log(foretold);
        }
      }
      return loss;
    };
    let best: { loss: number; prior: number | undefined } = { loss: lossOf(none), prior: undefined };
    for (const prior of priors) {
      const loss = lossOf((counts) => lastYearFactors(counts, allFactors, prior));
      if (loss < best.loss) best = { loss, prior };
    }
    const { prior } = best;
    return (channels) => {
      const counts = together(channels);
      const season = prior === undefined ? none(counts) : lastYearFactors(counts, allFactors, prior);
      return scoresOf(counts, allFactors, season);
    };
  },
};

function none(counts: readonly number[]): number[] {
  return counts.map(() => 1);
}

function running(values: readonly number[]): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  return sums;
}
