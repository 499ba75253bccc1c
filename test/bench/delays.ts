import { knownLevelCharts, runLength } from "@keypulse/methods";

/**
 * The long version of packages/methods/src/rivals/rivals.test.ts: sets each rule to one false alarm in about 260 weeks and
 * prints its mean delays in weeks. `node test/bench/delays.ts`, some minutes.
 */
const weeksBetweenFalseAlarms = 260;
const runs = 20_000;
/** Where thresholds are looked for, by weekly mean: far beyond, a false alarm takes years to wait for. */
const highest = {
  cusum: { 1: 8, 3: 8, 10: 8 },
  ewma: { 1: 0.6, 3: 0.4, 10: 0.25 },
  bocpd: { 1: 0.6, 3: 0.4, 10: 0.25 },
  four_weeks: { 1: 1, 3: 0.8, 10: 0.5 },
} as const;
const means = [1, 3, 10] as const;

/** The threshold whose run length is nearest to the wanted one, by halving between `low` and `high`. */
function thresholdOf(chart: ReturnType<(typeof knownLevelCharts)["cusum"]>, mean: number, high: number): number {
  let [low, up] = [high / 2, high];
  for (let step = 0; step < 12; step++) {
    const middle = (low + up) / 2;
    if (runLength(chart, middle, mean, 1, 2_000, 1).average < weeksBetweenFalseAlarms) low = middle;
    else up = middle;
  }
  return up;
}

const shown = ({ average, error }: { average: number; error: number }): string =>
  `${average.toFixed(2)} ± ${error.toFixed(2)}`;

for (const [name, of] of Object.entries(knownLevelCharts)) {
  for (const mean of means) {
    const chart = of(mean);
    const threshold = thresholdOf(chart, mean, highest[name as keyof typeof highest][mean]);
    const row = [
      name,
      `${mean} a week`,
      `threshold ${threshold.toFixed(3)}`,
      `one false alarm in ${shown(runLength(chart, threshold, mean, 1, runs / 10, 2))} weeks`,
      `silence ${shown(runLength(chart, threshold, mean, 0, runs, 3))}`,
      `half ${shown(runLength(chart, threshold, mean, 0.5, runs, 4))}`,
    ];
    console.log(row.join("  "));
  }
}
