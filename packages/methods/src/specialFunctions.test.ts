import { describe, expect, it } from "vitest";
import { betaCdf, digamma, gammaUpperQuantile, logBeta, logGamma } from "./specialFunctions.ts";

describe("special functions", () => {
  it("have their known values", () => {
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 13);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13);
    expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 13);
    expect(logBeta(2, 3)).toBeCloseTo(Math.log(1 / 12), 13);
    expect(betaCdf(2, 3, 0.4)).toBeCloseTo(0.5248, 12);
    expect([betaCdf(2, 3, 0), betaCdf(2, 3, 1)]).toEqual([0, 1]);
    // Of shape 1 the tail is e^-x.
    expect(gammaUpperQuantile(1, 0.05)).toBeCloseTo(-Math.log(0.05), 10);
  });

  it("go over to the approximation of large shapes without a step", () => {
    for (const tail of [0.005, 0.1, 0.5, 0.9, 0.995]) {
      const [exact, near] = [gammaUpperQuantile(999.999_999, tail), gammaUpperQuantile(1000, tail)];
      expect(Math.abs(near / exact - 1)).toBeLessThan(1e-5);
    }
  });

  it("never fail, however large or small the arguments", () => {
    const sizes = [1e-3, 0.5, 6, 500, 3e4, 1e6, 1e8];
    for (const a of sizes) {
      for (const tail of [0.005, 0.5, 0.995]) expect(gammaUpperQuantile(a, tail)).toBeGreaterThan(0);
      for (const b of sizes) {
        for (const x of [1e-300, 1e-8, 0.5, 1 - 1e-12]) {
          const below = betaCdf(a, b, x);
          expect(below >= 0 && below <= 1).toBe(true);
        }
      }
    }
  });
});
