import { poissonCount, seededRandom } from "../random.ts";
import { nextEwma } from "./ewma.ts";
import { fourWeekDrop } from "./fourWeeks.ts";
import { cusumIncrement } from "./negativeBinomialCusum.ts";
import { probabilityBelow, type Run, runOf, stepRuns } from "./onlineChangepoint.ts";

/** A rule whose level is known: takes a week's count, gives the number that is compared with a threshold. */
export type Chart = () => (count: number) => number;

/** Weeks without a change before the fall. */
const QUIET_WEEKS = 40;

/** The rules of the study's table of delays, on Poisson counts of a known weekly mean. */
export const knownLevelCharts = {
  cusum:
    (mean: number): Chart =>
    () => {
      const sums = [0, 0];
      return (count) => {
        for (const [i, ratio] of [0.2, 0.6].entries()) {
          sums[i] = Math.max(0, sums[i]! + cusumIncrement(count, mean, ratio, Number.POSITIVE_INFINITY));
        }
        return Math.max(...sums);
      };
    },
  ewma:
    (mean: number): Chart =>
    () => {
      let z = mean;
      return (count) => {
        z = nextEwma(z, count);
        return 1 - z / mean;
      };
    },
  bocpd:
    (mean: number): Chart =>
    () => {
      let runs: readonly Run[] = [runOf(mean, QUIET_WEEKS)];
      return (count) => {
        runs = stepRuns(runs, count, mean);
        return probabilityBelow(runs, mean);
      };
    },
  four_weeks: (_mean: number): Chart => {
    return () => {
      const counts: number[] = [];
      return (count) => fourWeekDrop(counts, counts.push(count) - 1) ?? -1;
    };
  },
} as const;

/**
 * Mean weeks until a chart alarms: from the first week where `ratio` is 1 (the run length between false alarms), else
 * from a fall to `ratio` of the mean after 40 quiet weeks (the delay), histories that alarm before it left out.
 *
 * @returns the average over `runs` and its standard error
 */
export function runLength(
  chart: Chart,
  threshold: number,
  mean: number,
  ratio: number,
  runs: number,
  seed: number,
): { readonly average: number; readonly error: number } {
  const random = seededRandom(seed);
  const line = threshold - 1e-9;
  let sum = 0;
  let squares = 0;
  for (let run = 0; run < runs; ) {
    const step = chart();
    let isEarly = false;
    for (let week = 0; ratio < 1 && week < QUIET_WEEKS && !isEarly; week++) {
      isEarly = step(poissonCount(mean, random)) >= line;
    }
    if (isEarly) continue;
    let weeks = 1;
    while (step(poissonCount(mean * ratio, random)) < line) weeks++;
    sum += weeks;
    squares += weeks * weeks;
    run++;
  }
  const average = sum / runs;
  return { average, error: Math.sqrt(Math.max(0, squares / runs - average * average) / runs) };
}
