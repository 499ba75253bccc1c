import { describe, expect, it } from "vitest";
import { fitMbgCnbd } from "./mbgCnbd.ts";
import { fitSegments } from "./segments.ts";
import { simulateBetaGeometric } from "./testing/simulate.ts";

const panel = { seed: 5, exposure: 52, horizon: 0 };
const parameters = { r: 1.2, alpha: 4, a: 0.8, b: 2.5, k: 1, leavesAtFirst: true };
const usual = simulateBetaGeometric(parameters, { ...panel, clients: 3000 });
const faster = { ...parameters, alpha: 2.4 };
const fit: typeof fitMbgCnbd = (clients, options) => fitMbgCnbd(clients, { ...options, k: 1 });
const whole = fit(usual);

const segmentOf = (clients: number, seed: number) => simulateBetaGeometric(faster, { ...panel, seed, clients });
const fitted = (segment: readonly (typeof usual)[number][]) =>
  fitSegments(whole, new Map([["one", segment]]), fit).get("one")!;
const meanRate = ({ r, alpha }: { r: number; alpha: number }) => r / alpha;

describe("segments", () => {
  it("speak for themselves when they have enough repeat buyers", () => {
    const segment = segmentOf(1500, 6);
    const { origin, fit: found } = fitted(segment);
    expect(origin).toBe("own");
    expect(found.parameters).toEqual(fit(segment, { start: whole.parameters }).parameters);
    expect(Math.abs(meanRate(found.parameters) / (1.2 / 2.4) - 1)).toBeLessThan(0.15);
  });

  it("are pulled towards the whole the more the smaller they are, and are the whole's without clients", () => {
    const rates = [300, 5].map((clients) => {
      const { origin, fit: found } = fitted(segmentOf(clients, 6));
      expect(origin).toBe("pulled");
      expect(found.converged).toBe(true);
      return meanRate(found.parameters) / meanRate(whole.parameters);
    });
    expect(rates[0]).toBeGreaterThan(1.4);
    expect(rates[1]).toBeGreaterThan(0.8);
    expect(rates[1]).toBeLessThan(1.4);
    expect(fitted([])).toEqual({ origin: "whole", fit: whole });
  });

  it("of clients who bought once alone still have a fit, a little less lively than the whole", () => {
    const once = Array.from({ length: 40 }, () => ({ ...usual[0]!, repeats: 0, recency: 0, logIntervals: 0 }));
    const { origin, fit: found } = fitted(once);
    expect(origin).toBe("pulled");
    expect(meanRate(found.parameters)).toBeLessThan(meanRate(whole.parameters));
    expect(Object.values(found.parameters).every(Number.isFinite)).toBe(true);
  });

  it("small ones are nearer to the truth than by their own fit", () => {
    const miss = (found: { parameters: typeof whole.parameters }) =>
      (["r", "alpha", "a", "b"] as const).reduce(
        (sum, name) => sum + Math.log(found.parameters[name] / faster[name]) ** 2,
        0,
      );
    let [pulled, own] = [0, 0];
    for (let seed = 0; seed < 10; seed++) {
      const segment = segmentOf(60, 100 + seed);
      pulled += miss(fitted(segment).fit);
      own += miss(fit(segment));
    }
    expect(pulled).toBeLessThan(own / 2);
  });
});
