import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gammaUpperQuantile, logGamma } from "../specialFunctions.ts";
import { gammaBelow, probabilityBelow, type Run, runOf, stepRuns } from "./onlineChangepoint.ts";

const hazard = 1 / 260;

/** Probability of the counts of one run, its rate integrated out; y! left out, which all divisions of the weeks share. */
function runEvidence(counts: readonly number[], shape: number, rate: number): number {
  const sum = counts.reduce((a, b) => a + b, 0);
  const log =
    logGamma(shape + sum) - logGamma(shape) + shape * Math.log(rate) - (shape + sum) * Math.log(rate + counts.length);
  return Math.exp(log);
}

/** The same posterior by listing every way in which the weeks fall into runs. */
function byEnumeration(counts: readonly number[], level: number, before: Run): Run[] {
  const byLast = new Map<number, number>();
  for (let divided = 0; divided < 2 ** counts.length; divided++) {
    const starts = counts.flatMap((_, week) => ((divided >> week) & 1 ? [week] : []));
    let weight = 1;
    for (const [i, start] of [-1, ...starts].entries()) {
      const part = counts.slice(Math.max(0, start), starts[i] ?? counts.length);
      weight *= start < 0 ? runEvidence(part, before.shape, before.rate) : runEvidence(part, 1, 1 / level);
    }
    weight *= hazard ** starts.length * (1 - hazard) ** (counts.length - starts.length);
    const last = starts.at(-1) ?? -1;
    byLast.set(last, (byLast.get(last) ?? 0) + weight);
  }
  const total = [...byLast.values()].reduce((a, b) => a + b, 0);
  return [...byLast].map(([start, weight]) => {
    const part = counts.slice(Math.max(0, start));
    const [shape, rate] = start < 0 ? [before.shape, before.rate] : [1, 1 / level];
    return { probability: weight / total, shape: shape + part.reduce((a, b) => a + b, 0), rate: rate + part.length };
  });
}

describe("online changepoints", () => {
  it("are what Bayes's rule says of all divisions of the weeks into runs", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(12), { minLength: 1, maxLength: 7 }),
        fc.double({ min: 0.5, max: 8, noNaN: true }),
        (counts, level) => {
          const before = runOf(level, 20);
          const runs = counts.reduce<Run[]>((known, count) => stepRuns(known, count, level, 1, 0), [before]);
          expect(runs.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
          const expected = byEnumeration(counts, level, before);
          for (const run of runs) {
            const same = expected.find(({ rate }) => Math.abs(rate - run.rate) < 1e-9)!;
            expect(run.shape).toBe(same.shape);
            expect(run.probability).toBeCloseTo(same.probability, 9);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it("lose next to nothing by forgetting unlikely runs", () => {
    const counts = [5, 4, 7, 3, 6, 5, 1, 2, 0, 1, 5, 6];
    const after = (least: number) =>
      probabilityBelow(
        counts.reduce<Run[]>((known, count) => stepRuns(known, count, 5, 1, least), [runOf(5, 20)]),
        5,
      );
    expect(after(1e-3)).toBeCloseTo(after(0), 2);
  });

  it.each([1, 3, 20, 21, 400])("the gamma distribution of shape %i", (shape) => {
    for (const tail of [0.01, 0.3, 0.9]) {
      expect(gammaBelow(shape, gammaUpperQuantile(shape, tail))).toBeCloseTo(1 - tail, shape > 20 ? 2 : 9);
    }
  });
});
