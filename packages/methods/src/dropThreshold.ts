import type { DropPreset } from "./dropScore.ts";

/** False alarms a client-year against the threshold on s / c that gave them, over the study's nine tuning panels. */
const measured: Record<DropPreset["name"], readonly { readonly budget: number; readonly threshold: number }[]> = {
  fast: [
    { budget: 0.1, threshold: 1.73 },
    { budget: 0.25, threshold: 1.35 },
    { budget: 0.5, threshold: 0.75 },
  ],
  steady: [
    { budget: 0.1, threshold: 1.67 },
    { budget: 0.25, threshold: 1.27 },
    { budget: 0.5, threshold: 0.52 },
  ],
};

/**
 * The threshold to start with for a budget of false alarms a client-year; linear in log(budget) between the measured
 * 0.1, 0.25 and 0.5. Below 0.1 the line goes on (unmeasured, but stricter as it must be); above 0.5 it stays where it
 * is, so that a larger budget is not used up rather than overdrawn. A company with history does better with
 * calibrateDropThreshold.
 *
 * @throws RangeError when the budget is not a positive number
 */
export function dropThreshold(falseAlarmsPerClientYear: number, preset: DropPreset): number {
  if (!(falseAlarmsPerClientYear > 0)) {
    throw new RangeError(`the budget of false alarms must be > 0, got ${falseAlarmsPerClientYear}`);
  }
  const [low, middle, high] = measured[preset.name] as [Point, Point, Point];
  const budget = Math.min(falseAlarmsPerClientYear, high.budget);
  const [from, to] = budget <= middle.budget ? [low, middle] : [middle, high];
  const share = Math.log(budget / from.budget) / Math.log(to.budget / from.budget);
  return from.threshold + share * (to.threshold - from.threshold);
}

type Point = { readonly budget: number; readonly threshold: number };
