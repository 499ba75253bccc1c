import { describe, expect, it } from "vitest";
import { fitBgNbd } from "./bgNbd.ts";
import type { ModelFit } from "./fitting.ts";
import { fitGammaGamma } from "./gammaGamma.ts";
import { fitMbgCnbd } from "./mbgCnbd.ts";
import { fitNbd } from "./nbd.ts";
import { fitParetoNbd } from "./paretoNbd.ts";
import { simulateBetaGeometric, simulateParetoNbd, simulateSpends } from "./testing/simulate.ts";

/** Every parameter within 3.5 standard errors of what was planted, and the errors small enough for that to mean something. */
function expectRecovered<P extends object>(fit: ModelFit<P>, planted: P, largestShare: number): void {
  expect(fit.converged).toBe(true);
  for (const [name, value] of Object.entries(planted) as [keyof P, number][]) {
    const found = fit.parameters[name] as number;
    const error = fit.standardErrors![name] as number;
    expect(error / value).toBeLessThan(largestShare);
    expect(Math.abs(found - value) / error).toBeLessThan(3.5);
  }
}

const panel = { clients: 6000, seed: 7, exposure: 52, horizon: 0 };

describe("fitted models find the parameters that simulated clients were made with", () => {
  it("BG/NBD", () => {
    const planted = { r: 0.8, alpha: 4, a: 0.9, b: 2.5 };
    const clients = simulateBetaGeometric({ ...planted, k: 1, leavesAtFirst: false }, panel);
    expectRecovered(fitBgNbd(clients), planted, 0.2);
  });

  it.each([1, 2, 4])("MBG/CNBD-%i, and its k", (k) => {
    const planted = { r: 1.2, alpha: 4 / k, a: 0.8, b: 2.5 };
    const fit = fitMbgCnbd(simulateBetaGeometric({ ...planted, k, leavesAtFirst: true }, panel));
    expect(fit.k).toBe(k);
    expectRecovered(fit, planted, 0.2);
  });

  it("Pareto/NBD", () => {
    const planted = { r: 0.9, alpha: 6, s: 0.7, beta: 12 };
    expectRecovered(fitParetoNbd(simulateParetoNbd(planted, panel)), planted, 0.25);
  });

  it("NBD, from clients who hardly ever leave", () => {
    const clients = simulateBetaGeometric({ r: 0.9, alpha: 6, a: 1e-3, b: 1e5, k: 1, leavesAtFirst: true }, panel);
    expectRecovered(fitNbd(clients), { r: 0.9, alpha: 6 }, 0.1);
  });

  it("gamma-gamma", () => {
    const planted = { p: 5, q: 3.5, gamma: 16 };
    expectRecovered(fitGammaGamma(simulateSpends(planted, { clients: 3000, seed: 3 })), planted, 0.2);
  });
});

describe("the search", () => {
  const clients = simulateBetaGeometric(
    { r: 1.2, alpha: 2, a: 0.8, b: 2.5, k: 2, leavesAtFirst: true },
    { ...panel, clients: 1500 },
  );

  it("needs few steps from the last fit's parameters, and finds the same", () => {
    const cold = fitMbgCnbd(clients, { k: 2 });
    const warm = fitMbgCnbd(clients, { k: 2, start: cold.parameters });
    expect(warm.iterations).toBeLessThanOrEqual(2);
    expect(warm.logLikelihood).toBeCloseTo(cold.logLikelihood, 6);
  });

  it("is not caught where the last fit saw nobody leave", () => {
    const fit = fitMbgCnbd(clients, { k: 2 });
    const edge = fitMbgCnbd(clients, { k: 2, start: { ...fit.parameters, a: 5e-5, b: 2e4 } });
    expect(edge.logLikelihood).toBeCloseTo(fit.logLikelihood, 4);
  });

  it("ends at the same summit from far away, and in days as in weeks", () => {
    const fit = fitParetoNbd(clients);
    const far = fitParetoNbd(clients, { start: { r: 20, alpha: 0.2, s: 0.05, beta: 500 } });
    expect(far.logLikelihood).toBeCloseTo(fit.logLikelihood, 4);
    const days = fitParetoNbd(
      clients.map((c) => ({ repeats: c.repeats, recency: 7 * c.recency, exposure: 7 * c.exposure })),
    );
    expect(days.parameters.r).toBeCloseTo(fit.parameters.r, 4);
    expect(days.parameters.alpha / 7).toBeCloseTo(fit.parameters.alpha, 3);
    expect(days.logLikelihood).toBeCloseTo(fit.logLikelihood - fit.repeats * Math.log(7), 3);
  });

  it("ends where clients are all alike, and says that their spread can't be told", () => {
    const alike = Array.from({ length: 5000 }, (_, i) => ({
      repeats: 10 + (i % 3),
      recency: 50,
      exposure: 52,
      logIntervals: 15 + (i % 3),
    }));
    for (const fit of [fitBgNbd, fitMbgCnbd, fitParetoNbd, fitNbd]) {
      const found = fit(alike);
      expect(found.converged).toBe(true);
      expect(found.parameters.r).toBeGreaterThan(1000);
      expect(found.parameters.r / found.parameters.alpha / ("k" in found ? (found.k as number) : 1)).toBeCloseTo(
        11 / 52,
        1,
      );
    }
  });

  it("refuses panels without a rate, and k > 1 without intervals", () => {
    const once = [{ repeats: 0, recency: 0, exposure: 10 }];
    for (const fit of [fitBgNbd, fitMbgCnbd, fitParetoNbd, fitNbd]) {
      expect(() => fit([])).toThrow(RangeError);
      expect(() => fit(once)).toThrow(/nobody bought twice/);
      expect(() => fit([{ repeats: 1, recency: 11, exposure: 10 }])).toThrow(/recency/);
    }
    const without = clients.map(({ repeats, recency, exposure }) => ({ repeats, recency, exposure }));
    expect(() => fitMbgCnbd(without, { k: 2 })).toThrow(/logIntervals/);
    expect(fitMbgCnbd(without).tried).toHaveLength(1);
    expect(() => fitGammaGamma([{ purchases: 0, meanAmount: 0 }])).toThrow(RangeError);
  });
});
