import { describe, expect, it } from "vitest";
import { logBeta, logGamma } from "../specialFunctions.ts";
import { betaGeometricLikelihood } from "./betaGeometric.ts";
import { gammaGammaLikelihood, spendPanel } from "./gammaGamma.ts";
import type { Evaluation } from "./maximise.ts";
import { nbdLikelihood } from "./nbd.ts";
import { panelOf } from "./panel.ts";
import { paretoNbdLikelihood } from "./paretoNbd.ts";
import { gaussLegendre } from "./quadrature.ts";

const client = (repeats: number, recency: number, exposure: number, logIntervals = 0) => ({
  repeats,
  recency,
  exposure,
  logIntervals,
});

const panel = panelOf([
  client(0, 0, 38.86),
  client(0, 0, 38.86),
  client(0, 0, 0),
  client(1, 1.7, 38.86, Math.log(1.7)),
  client(2, 30.43, 38.86, 5.1),
  client(7, 20, 20, 6.2),
  client(29, 37, 39, -4),
  client(1, 0.14, 1000, -1.9),
]);

/** Slopes against central differences, at several points. */
function checkSlopes(evaluate: (...parameters: number[]) => Evaluation, points: readonly number[][]): void {
  for (const point of points) {
    const { gradient } = evaluate(...point);
    for (const [i, parameter] of point.entries()) {
      const step = 1e-5 * parameter;
      const moved = (by: number) => evaluate(...point.map((value, j) => (i === j ? value + by : value))).value;
      const slope = (moved(step) - moved(-step)) / (2 * step);
      expect(Math.abs(gradient[i]! - slope)).toBeLessThan(1e-5 * (1 + Math.abs(slope)));
    }
  }
}

const points = [
  [0.3, 4, 0.8, 2.4],
  [2, 0.5, 3, 0.4],
  [0.05, 90, 0.1, 30],
];

describe("slopes of the log-likelihoods agree with numerical ones", () => {
  it("BG/NBD and MBG/CNBD-k", () => {
    checkSlopes(betaGeometricLikelihood({ k: 1, leavesAtFirst: false }, panel), points);
    for (const k of [1, 2, 3, 6]) checkSlopes(betaGeometricLikelihood({ k, leavesAtFirst: true }, panel), points);
  });

  it("Pareto/NBD", () => {
    checkSlopes((r, alpha, s, beta) => paretoNbdLikelihood(panel, r!, alpha!, s!, beta!), points);
  });

  it("NBD", () => {
    checkSlopes(
      (r, alpha) => nbdLikelihood(panel, r!, alpha!),
      points.map((point) => point.slice(0, 2)),
    );
  });

  it("gamma-gamma", () => {
    const spends = spendPanel([
      { purchases: 1, meanAmount: 3.5 },
      { purchases: 4, meanAmount: 60 },
      { purchases: 0, meanAmount: 0 },
      { purchases: 900, meanAmount: 20 },
    ]);
    checkSlopes(
      (p, q, gamma) => gammaGammaLikelihood(spends, p!, q!, gamma!),
      points.map((point) => point.slice(0, 3)),
    );
  });
});

describe("the likelihood is what the model's story says, averaged over rates and leaving probabilities", () => {
  const { nodes, weights } = gaussLegendre(200);
  const [r, alpha, a, b] = [2, 2.3, 2, 3];

  /** Mean over gamma (r, alpha) and beta (a, b) of a client's likelihood, on a grid. */
  function averaged(likelihood: (rate: number, leaves: number) => number): number {
    let sum = 0;
    for (const [i, u] of nodes.entries()) {
      const rate = u / (1 - u);
      const density = r * Math.log(alpha) + (r - 1) * Math.log(rate) - alpha * rate - logGamma(r) - 2 * Math.log(1 - u);
      for (const [j, leaves] of nodes.entries()) {
        const share = (a - 1) * Math.log(leaves) + (b - 1) * Math.log(1 - leaves) - logBeta(a, b);
        sum += weights[i]! * weights[j]! * Math.exp(density + share) * likelihood(rate, leaves);
      }
    }
    return Math.log(sum);
  }

  const erlang = (k: number, rate: number, gap: number) =>
    Math.exp(k * Math.log(rate) + (k - 1) * Math.log(gap) - rate * gap - logGamma(k));
  const fewerThan = (k: number, mean: number) => {
    let [term, sum] = [Math.exp(-mean), 0];
    for (let j = 0; j < k; j++) {
      sum += term;
      term *= mean / (j + 1);
    }
    return sum;
  };
  const gaps = [0.8, 1.1, 0.6];
  const silence = 1.5;

  it.each([1, 2, 3])("MBG/CNBD-%i", (k) => {
    const bought = gaps.reduce((sum, gap) => sum + gap, 0);
    const history = client(
      3,
      bought,
      bought + silence,
      gaps.reduce((sum, gap) => sum + Math.log(gap), 0),
    );
    const expected = averaged((rate, p) => {
      const purchases = gaps.reduce((product, gap) => product * erlang(k, rate, gap) * (1 - p), 1);
      return purchases * (p + (1 - p) * fewerThan(k, rate * silence));
    });
    const evaluate = betaGeometricLikelihood({ k, leavesAtFirst: true }, panelOf([history]));
    expect(evaluate(r, alpha, a, b).value).toBeCloseTo(expected, 8);
  });

  it("BG/NBD: nobody leaves at the first purchase", () => {
    const evaluate = (history: ReturnType<typeof client>) =>
      betaGeometricLikelihood({ k: 1, leavesAtFirst: false }, panelOf([history]))(r, alpha, a, b).value;
    expect(evaluate(client(0, 0, silence))).toBeCloseTo(
      averaged((rate) => Math.exp(-rate * silence)),
      8,
    );
    const once = averaged((rate, p) => erlang(1, rate, 0.8) * (p + (1 - p) * Math.exp(-rate * silence)));
    expect(evaluate(client(1, 0.8, 0.8 + silence))).toBeCloseTo(once, 8);
  });
});
