import { evenSteps, type WeeklyRule } from "./weeklyRule.ts";

const WINDOW = 4;

/**
 * The drop of the last four weeks against the four before, as a share of these: 0.5 is "half of the last four weeks".
 * Undefined where there was nothing to lose. Counts as they are: that is how people compute it.
 */
export function fourWeekDrop(counts: readonly number[], week: number): number | undefined {
  if (week < 2 * WINDOW - 1) return undefined;
  let before = 0;
  let now = 0;
  for (let t = week - WINDOW + 1; t <= week; t++) {
    now += counts[t]!;
    before += counts[t - WINDOW]!;
  }
  return before === 0 ? undefined : 1 - now / before;
}

export const fourWeeksRule: WeeklyRule = {
  key: "four_weeks",
  title: "4 weeks against the 4 before",
  thresholds: evenSteps(0.02, 1, 50),
  usesThreshold: false,
  score: (counts) => counts.map((_, week) => fourWeekDrop(counts, week)),
};
