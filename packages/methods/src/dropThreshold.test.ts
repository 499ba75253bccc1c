import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropPresets } from "./dropScore.ts";
import { dropThreshold } from "./dropThreshold.ts";

describe("drop threshold", () => {
  it.each([
    ["fast", 0.1, 1.73],
    ["fast", 0.25, 1.35],
    ["fast", 0.5, 0.75],
    ["steady", 0.1, 1.67],
    ["steady", 0.25, 1.27],
    ["steady", 0.5, 0.52],
  ] as const)("%s at a budget of %d is %d", (preset, budget, threshold) => {
    expect(dropThreshold(budget, dropPresets[preset])).toBeCloseTo(threshold, 12);
  });

  it("is halfway at the geometric mean of two budgets", () => {
    expect(dropThreshold(Math.sqrt(0.1 * 0.25), dropPresets.fast)).toBeCloseTo((1.73 + 1.35) / 2, 12);
  });

  it("never rises with the budget, and stays where it is above 0.5", () => {
    const budget = fc.double({ min: 0.001, max: 5, noNaN: true });
    fc.assert(
      fc.property(budget, budget, fc.constantFrom(dropPresets.fast, dropPresets.steady), (a, b, preset) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(dropThreshold(low, preset)).toBeGreaterThanOrEqual(dropThreshold(high, preset));
      }),
    );
    expect(dropThreshold(3, dropPresets.fast)).toBeCloseTo(0.75, 12);
  });

  it("refuses a budget that is not positive", () => {
    expect(() => dropThreshold(0, dropPresets.fast)).toThrow(RangeError);
    expect(() => dropThreshold(Number.NaN, dropPresets.fast)).toThrow(RangeError);
  });
});
