import { evenSteps, type WeeklyRule } from "./weeklyRule.ts";

const WINDOW = 4;
const REFERENCE_WEEKS = 26;
const MIN_WEEKS = 13;

/** The mean of the last four weeks below that of the 26 weeks before, in standard errors: a z-score as people take it. */
export const zScoreRule: WeeklyRule = {
  key: "z_score",
  title: "z-score of the last 4 weeks",
  thresholds: evenSteps(0.1, 8, 80),
  usesThreshold: false,
  score: (counts) => {
    const sums = [0];
    const squares = [0];
    for (const count of counts) {
      sums.push(sums.at(-1)! + count);
      squares.push(squares.at(-1)! + count * count);
    }
    return counts.map((_, week) => {
      const to = week - WINDOW + 1;
      const from = Math.max(0, to - REFERENCE_WEEKS);
      const weeks = to - from;
      if (weeks < MIN_WEEKS) return undefined;
      const mean = (sums[to]! - sums[from]!) / weeks;
      const variance = (squares[to]! - squares[from]! - weeks * mean * mean) / (weeks - 1);
      if (!(variance > 1e-9)) return undefined;
      return (mean - (sums[week + 1]! - sums[to]!) / WINDOW) / Math.sqrt(variance / WINDOW);
    });
  },
};
