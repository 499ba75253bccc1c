import { evenSteps, type WeeklyRule } from "./weeklyRule.ts";

const WINDOW = 4;
const MIN_WEEKS = 13;

/** How far the last four weeks lie below the client's mean of all weeks before them, as a share of it. */
export const meanDropRule: WeeklyRule = {
  key: "mean_drop",
  title: "percentage drop against own mean",
  thresholds: evenSteps(0.02, 1, 50),
  usesThreshold: false,
  score(counts) {
    let before = 0;
    let now = 0;
    return counts.map((count, week) => {
      now += count;
      if (week >= WINDOW) {
        now -= counts[week - WINDOW]!;
        before += counts[week - WINDOW]!;
      }
      const weeks = week - WINDOW + 1;
      return weeks < MIN_WEEKS || before === 0 ? undefined : 1 - now / WINDOW / (before / weeks);
    });
  },
};
