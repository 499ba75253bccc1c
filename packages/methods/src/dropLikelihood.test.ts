import { describe, expect, it } from "vitest";
import { dropLikelihood, fitLikelihoodShift } from "./dropLikelihood.ts";

describe("likelihood that a drop is real", () => {
  it("follows the formula", () => {
    expect(dropLikelihood(0)).toBeCloseTo(1 / (1 + Math.exp(-(0.13 - 0.61 * Math.log(0.05)))), 12);
    expect(dropLikelihood(0)).toBeCloseTo(0.876, 3);
    expect(dropLikelihood(0.95)).toBeCloseTo(1 / (1 + Math.exp(-0.13)), 12);
  });

  it("is higher the deeper the drop", () => {
    expect(dropLikelihood(0)).toBeGreaterThan(dropLikelihood(0.25));
    expect(dropLikelihood(0.25)).toBeGreaterThan(dropLikelihood(0.5));
  });

  it("shifts with outcomes so that sum(outcome - P) = 2.5 delta", () => {
    const alarms = Array.from({ length: 40 }, (_, i) => ({ ratio: (i % 8) / 10, real: i % 3 === 0 }));
    const delta = fitLikelihoodShift(alarms);
    expect(delta).toBeLessThan(0);
    const excess = alarms.reduce((sum, { ratio, real }) => sum + (real ? 1 : 0) - dropLikelihood(ratio, delta), 0);
    expect(excess).toBeCloseTo(2.5 * delta, 8);
  });

  it("does not shift without outcomes, and stays finite when all outcomes agree", () => {
    expect(fitLikelihoodShift([])).toBe(0);
    const allReal = fitLikelihoodShift(Array.from({ length: 1000 }, () => ({ ratio: 0.5, real: true })));
    expect(allReal).toBeGreaterThan(1);
    expect(allReal).toBeLessThan(10);
  });

  it("refuses a negative ratio", () => {
    expect(() => dropLikelihood(-0.1)).toThrow(RangeError);
    expect(() => dropLikelihood(Number.NaN)).toThrow(RangeError);
  });
});
