import { describe, expect, it } from "vitest";
import { areaUnderCurve, compareHoldOut } from "./holdOut.ts";

describe("area under the curve", () => {
  it("is the share of pairs in their right order, ties counting half", () => {
    expect(areaUnderCurve([1, 2, 3, 4], [false, false, true, true])).toBe(1);
    expect(areaUnderCurve([4, 3, 2, 1], [false, false, true, true])).toBe(0);
    expect(areaUnderCurve([1, 1, 1, 1], [false, true, false, true])).toBe(0.5);
    expect(areaUnderCurve([1, 2, 2, 3], [false, true, false, true])).toBe(3.5 / 4);
  });

  it("is undefined when all did the same", () => {
    expect(areaUnderCurve([1, 2], [true, true])).toBeUndefined();
    expect(areaUnderCurve([], [])).toBeUndefined();
  });
});

it("compares totals, clients and classes of frequency", () => {
  const forecast = (repeats: number, actual: number, expected: number, probabilityAlive: number) => ({
    history: { repeats, recency: repeats, exposure: 20 },
    actual,
    expected,
    probabilityAlive,
  });
  const comparison = compareHoldOut([
    forecast(0, 0, 0.5, 0.2),
    forecast(0, 1, 0.5, 0.4),
    forecast(9, 3, 2, 0.9),
    forecast(7, 2, 3, 0.8),
  ]);
  expect(comparison).toMatchObject({ clients: 4, actual: 6, expected: 6, meanAbsoluteError: 0.75 });
  expect(comparison.correlation).toBeCloseTo(3.5 / Math.sqrt(5 * 4.5), 10);
  expect(comparison.auc).toEqual({
    probabilityAlive: 1,
    expectedPurchases: 2.5 / 3,
    recency: 2.5 / 3,
    recencyRatio: 2.5 / 3,
  });
  expect(comparison.aucOfRepeatBuyers.probabilityAlive).toBeUndefined();
  expect(comparison.byFrequency).toEqual([
    { repeats: 0, clients: 2, boughtAgain: 1, meanAlive: 0.30000000000000004, actual: 1, expected: 1 },
    { repeats: 7, clients: 2, boughtAgain: 2, meanAlive: 0.8500000000000001, actual: 5, expected: 5 },
  ]);
});
