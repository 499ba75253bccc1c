import { expect, it } from "vitest";
import { without } from "./leftOut.ts";
import { type FitOfCdnow, fitByKeypulse, fitByLifetimes, fittedModels } from "./lifetimes.ts";
import { pythonWithPackages } from "./python.ts";

/**
 * lifetimes 0.11.3 is no longer developed, but it is what most analysts have fitted these models with, and it runs on
 * today's numpy; its successor pymc-marketing samples where this maximises, and brings a compiler.
 */
it("Python's lifetimes finds the same parameters, and says the same of every customer of CDNOW", async (context) => {
  const python = await pythonWithPackages((what) => without(context, what));
  const [theirs, ours] = [await fitByLifetimes(python, 1), fitByKeypulse(1)];
  for (const model of fittedModels) {
    const [their, our] = [theirs[model], ours[model]];
    expect(Object.keys(their.parameters).sort()).toEqual(Object.keys(our.parameters).sort());
    for (const [name, value] of Object.entries(our.parameters)) {
      // lifetimes stops when steps gain little; both are within a thousandth of a standard error of the summit.
      expect(Math.abs(value / their.parameters[name]! - 1)).toBeLessThan(3e-4);
    }
    expect(largestDifference(our, their, "alive")).toBeLessThan(1e-4);
    expect(largestDifference(our, their, "expected")).toBeLessThan(5e-4);
    expect(largestDifference(our, their, "amounts")).toBeLessThan(5e-3);
  }
});

function largestDifference(ours: FitOfCdnow, theirs: FitOfCdnow, of: "alive" | "expected" | "amounts"): number {
  const [mine, other] = [ours[of] ?? [], theirs[of] ?? []];
  expect(other).toHaveLength(mine.length);
  return Math.max(0, ...mine.map((value, i) => Math.abs(value - other[i]!)));
}
