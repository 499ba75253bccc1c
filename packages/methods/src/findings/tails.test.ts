import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { poissonCount, seededRandom } from "../random.ts";
import { normalTail } from "../specialFunctions.ts";
import { mannKendallTail, median, robustSpread, theilSenSlope } from "./robust.ts";
import { fewerTail, moreTail, noneTail } from "./tails.ts";

it("the normal tail has its table's values and is symmetric", () => {
  expect(normalTail(0)).toBeCloseTo(0.5, 6);
  expect(normalTail(1.96)).toBeCloseTo(0.0249979, 6);
  expect(normalTail(3)).toBeCloseTo(0.0013499, 6);
  expect(normalTail(-1)).toBeCloseTo(1 - normalTail(1), 12);
});

describe("counts against their own past", () => {
  it("is the negative binomial's lower tail: what comes true so often on Poisson clients", () => {
    const random = seededRandom(1);
    const clients = 20_000;
    let called = 0;
    for (let i = 0; i < clients; i++) {
      const rate = 8;
      let before = 0;
      for (let period = 0; period < 4; period++) before += poissonCount(rate, random);
      if (fewerTail(poissonCount(rate, random), before, 4) <= 0.05) called++;
    }
    // Counts are whole, so the line is reached a little less often than it says.
    expect(called / clients).toBeLessThan(0.055);
    expect(called / clients).toBeGreaterThan(0.02);
  });

  it("sums to one with the other side, rises with the count, whatever the size", () => {
    fc.assert(
      fc.property(
        fc.nat(3000),
        fc.nat(20_000),
        fc.double({ min: 0.5, max: 20, noNaN: true }),
        (count, seen, periods) => {
          const tail = fewerTail(count, seen, periods);
          expect(tail).toBeGreaterThanOrEqual(0);
          expect(tail).toBeLessThanOrEqual(1);
          expect(fewerTail(count + 1, seen, periods)).toBeGreaterThanOrEqual(tail - 1e-9);
          expect(tail + moreTail(count + 1, seen, periods)).toBeCloseTo(1, 9);
        },
      ),
    );
    expect(fewerTail(1_000_000, 3_000_000, 3)).toBeCloseTo(0.5, 2);
    expect(fewerTail(900, 3_000, 3)).toBeCloseTo(normalTail(100 / Math.sqrt(1000 * (4 / 3))), 2);
  });

  it("none of the next is a product of shrinking odds", () => {
    const [hits, seen, trials] = [6, 10, 4];
    let product = 1;
    for (let i = 0; i < trials; i++) product *= (seen - hits + 0.5 + i) / (seen + 1 + i);
    expect(noneTail(trials, hits, seen)).toBeCloseTo(product, 10);
  });
});

describe("robust numbers", () => {
  it("are not moved by one wild value", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(robustSpread([1, 2, 3, 4, 5])).toBeCloseTo(1.4826, 6);
    expect(theilSenSlope([0, 1, 2, 3, 90].map((y, x) => ({ x, y })))).toBe(1);
    expect(() => median([])).toThrow(RangeError);
  });

  it("Mann–Kendall calls a trend as often as it says where there is none, ties or not", () => {
    const random = seededRandom(2);
    for (const draw of [() => random(), () => Math.floor(3 * random())]) {
      let called = 0;
      for (let i = 0; i < 4000; i++) if (mannKendallTail(Array.from({ length: 12 }, draw)) <= 0.05) called++;
      expect(called / 4000).toBeLessThan(0.065);
      expect(called / 4000).toBeGreaterThan(0.03);
    }
    expect(mannKendallTail([1, 1, 1, 1])).toBe(1);
  });
});
