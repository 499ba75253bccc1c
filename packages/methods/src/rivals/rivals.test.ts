import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gapRules } from "../backtest/rules.ts";
import { poissonCount, seededRandom } from "../random.ts";
import { fourWeekDrop, fourWeeksRule } from "./fourWeeks.ts";
import { fixedDaysRule, meanGapRule } from "./gapRule.ts";
import { meanDropRule } from "./meanDrop.ts";
import { createCusumState, cusumIncrement, cusumRule, stepCusum } from "./negativeBinomialCusum.ts";
import { onlineChangepointRule } from "./onlineChangepoint.ts";
import { knownLevelCharts, runLength } from "./runLength.ts";
import type { WeeklyRule } from "./weeklyRule.ts";
import { zScoreRule } from "./zScore.ts";

describe("delays at one false alarm in about 260 weeks (thresholds of test/bench/delays.ts)", () => {
  it.each([
    ["cusum", 1, 4.001, 5.2, 18.8],
    ["cusum", 3, 4.772, 1.9, 8.9],
    ["cusum", 10, 4.7815, 1.0, 3.6],
    ["ewma", 1, 0.465, 6.5, 16.9],
    ["ewma", 3, 0.279, 3.7, 8.3],
    ["ewma", 10, 0.158, 2.2, 4.3],
    ["bocpd", 1, 0.305, 5.2, 18.1],
    ["bocpd", 3, 0.2222, 2.2, 8.3],
    ["bocpd", 10, 0.1196, 1.0, 3.4],
    ["four_weeks", 3, 0.706, 3.2, 28.8],
    ["four_weeks", 10, 0.453, 2.3, 12.0],
  ] as const)("%s at %d a week", (name, mean, threshold, silence, half) => {
    const chart = knownLevelCharts[name](mean);
    const falseAlarms = runLength(chart, threshold, mean, 1, 300, 1);
    // Counts are whole, so a threshold can't always be set to exactly one in 260 weeks: at 10 a week the CUSUM jumps from
    // one in 250 to one in 465 where a week of two events is just enough, or just not.
    expect(falseAlarms.average).toBeGreaterThan(200);
    expect(falseAlarms.average).toBeLessThan(560);
    for (const [ratio, published] of [
      [0, silence],
      [0.5, half],
    ] as const) {
      const delay = runLength(chart, threshold, mean, ratio, 500, 2);
      // Four standard errors, and 5 % for thresholds that are not quite the study's.
      expect(Math.abs(delay.average - published)).toBeLessThan(4 * delay.error + 0.05 * published + 0.05);
    }
  });

  it("4 weeks against 4 can't be set so rare at one event a week: 82 weeks at most", () => {
    const strictest = runLength(knownLevelCharts.four_weeks(1), 1, 1, 1, 1500, 3);
    expect(Math.abs(strictest.average - 82)).toBeLessThan(4 * strictest.error + 5);
  });
});

describe("half of the last four weeks", () => {
  it.each([
    [0.5, 6.2],
    [1, 5.3],
    [3, 2.1],
    [10, 0.08],
  ])("at %d a week alarms %d times a year on clients that changed nothing", (mean, published) => {
    const random = seededRandom(4);
    const weeks = 60_000;
    const counts = Array.from({ length: weeks }, () => poissonCount(mean, random));
    let alarms = 0;
    let before = false;
    for (let week = 0; week < weeks; week++) {
      const now = (fourWeekDrop(counts, week) ?? 0) >= 0.5;
      if (now && !before) alarms++;
      before = now;
    }
    const error = (Math.sqrt(alarms) * 52) / weeks;
    expect(Math.abs((alarms * 52) / weeks - published)).toBeLessThan(4 * error + 0.02 * published);
  });
});

describe("the negative-binomial CUSUM", () => {
  it("adds the log-likelihood ratio, and k = infinity is the Poisson's", () => {
    const [y, mu, rho] = [3, 4, 0.6];
    expect(cusumIncrement(y, mu, rho, 1e9)).toBeCloseTo(cusumIncrement(y, mu, rho, Number.POSITIVE_INFINITY), 6);
    const k = 2.5;
    const logDensity = (mean: number) => y * Math.log(mean / (mean + k)) + k * Math.log(k / (mean + k));
    expect(cusumIncrement(y, mu, rho, k)).toBeCloseTo(logDensity(rho * mu) - logDensity(mu), 12);
  });

  it("falls on average while nothing changes, and rises after the fall it is tuned to", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 50, noNaN: true }), fc.constantFrom(0.2, 0.6), (mu, rho) => {
        // The increment is linear in y: its mean is its value at the mean count.
        expect(cusumIncrement(mu, mu, rho, Number.POSITIVE_INFINITY)).toBeLessThan(0);
        expect(cusumIncrement(rho * mu, mu, rho, Number.POSITIVE_INFINITY)).toBeGreaterThan(0);
      }),
    );
  });

  it("holds its level while it is suspicious, and takes the low level for normal after half a year", () => {
    const state = createCusumState();
    for (let week = 0; week < 60; week++) stepCusum(state, 10, 1, 5);
    const level = state.A / state.E;
    for (let week = 0; week < 20; week++) stepCusum(state, 1, 1, 5);
    expect(state.A / state.E).toBeCloseTo(level, 12);
    for (let week = 0; week < 40; week++) stepCusum(state, 1, 1, 5);
    expect(state.A / state.E).toBeCloseTo(1, 12);
    expect(Math.max(...state.sums)).toBeLessThan(2.5);
  });
});

describe("every weekly rule", () => {
  const rules: WeeklyRule[] = [cusumRule, onlineChangepointRule, fourWeeksRule, meanDropRule, zScoreRule];
  it.each(rules.map((rule) => [rule.key, rule] as const))("%s knows nothing of the future", (_, rule) => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 30, maxLength: 60 }), fc.integer({ min: 1, max: 29 }), (y, cut) => {
        const factors = y.map(() => 1);
        const threshold = rule.thresholds[10]!;
        expect(rule.score(y.slice(0, cut), factors, threshold)).toEqual(
          rule.score(y, factors, threshold).slice(0, cut),
        );
      }),
      { numRuns: 30 },
    );
  });

  it.each(rules.map((rule) => [rule.key, rule] as const))("%s calls silence unusual", (_, rule) => {
    const random = seededRandom(5);
    const counts = [...Array.from({ length: 40 }, () => poissonCount(8, random)), 0, 0, 0, 0];
    const scores = rule.score(
      counts,
      counts.map(() => 1),
      5,
    );
    expect(scores.at(-1)).toBeGreaterThan(Math.max(...scores.slice(20, 40).map((score) => score ?? 0)));
  });
});

describe("gap rules", () => {
  const client = { repeats: 9, spanDays: 90, sumLogGapDays: 9 * Math.log(10) };

  it("fixed days are the same for all, the mean gap is one's own", () => {
    expect(fixedDaysRule.criticalGapDays(client, 137, undefined)).toBe(137);
    expect(meanGapRule.criticalGapDays(client, 3, undefined)).toBe(30);
  });

  it.each(gapRules.map((rule) => [rule.key, rule] as const))(
    "%s scores its critical gap as its threshold",
    (_, rule) => {
      const prior = { r: 1, alpha: 60, regularity: [1, 4].map((k) => ({ k, share: 0.5 })) };
      for (const threshold of rule.thresholds.slice(20)) {
        const gap = rule.criticalGapDays(client, threshold, prior);
        expect(rule.score(client, gap, prior) / threshold).toBeCloseTo(1, 6);
      }
    },
  );
});
