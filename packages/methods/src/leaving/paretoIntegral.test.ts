import { hyp2f1 } from "cephes";
import { describe, expect, it } from "vitest";
import { logParetoIntegral } from "./paretoIntegral.ts";
import "../specialFunctions.ts";
import { gaussLegendre } from "./quadrature.ts";

/** Schmittlein, Morrison & Colombo's A0 over (r + s + x), as Fader & Hardie write it; for moderate arguments. */
function closedForm(shape: number, alpha: number, s: number, beta: number, recency: number, exposure: number): number {
  const n = shape + s;
  const most = Math.max(alpha, beta);
  const second = alpha >= beta ? s + 1 : shape;
  const at = (time: number) => hyp2f1(n, second, n + 1, Math.abs(alpha - beta) / (most + time)) / (most + time) ** n;
  return (at(recency) - at(exposure)) / n;
}

/** 400 panels of equal ratio: slow, sure. */
function bruteForce(shape: number, alpha: number, s: number, beta: number, recency: number, exposure: number): number {
  const { nodes, weights } = gaussLegendre(16);
  const least = Math.min(alpha, beta) + recency;
  const width = Math.log1p((exposure - recency) / least) / 400;
  const logs: { log: number; weight: number }[] = [];
  for (let panel = 0; panel < 400; panel++) {
    for (const [i, node] of nodes.entries()) {
      const since = least * Math.expm1(width * (panel + node));
      const log = -shape * Math.log(alpha + recency + since) - (s + 1) * Math.log(beta + recency + since);
      logs.push({ log, weight: weights[i]! * (least + since) * width });
    }
  }
  const most = Math.max(...logs.map(({ log }) => log));
  return most + Math.log(logs.reduce((sum, { log, weight }) => sum + weight * Math.exp(log - most), 0));
}

describe("the Pareto/NBD's integral over the time of leaving", () => {
  it("is the difference of hypergeometric functions where those can be computed", () => {
    for (const [alpha, beta] of [
      [10.6, 11.7],
      [11.7, 10.6],
      [3, 40],
      [40, 3],
    ] as const) {
      for (const [x, recency, exposure] of [
        [0, 0, 38.86],
        [2, 30.43, 38.86],
        [7, 12, 39],
        [15, 5, 30],
      ] as const) {
        const closed = closedForm(0.55 + x, alpha, 0.61, beta, recency, exposure);
        const { log } = logParetoIntegral(0.55 + x, alpha, 0.61, beta, recency, exposure);
        expect(Math.abs(log - Math.log(closed))).toBeLessThan(1e-9);
      }
    }
  });

  it("is right where those overflow or leave no digit", () => {
    const cases: [number, number, number, number, number, number][] = [
      [3000.5, 8, 0.6, 12, 900, 1040],
      [3000.5, 0.01, 0.6, 1000, 900, 1040],
      [0.3, 1e-3, 0.2, 50, 0, 1040],
      [0.3, 50, 0.2, 1e-3, 0, 1040],
      [12.5, 1000, 3, 1e-3, 0.001, 1040],
      [2.55, 10, 0.6, 11, 38.8599999, 38.86],
      [2.55, 1e6, 50, 1e6, 3, 1040],
    ];
    for (const given of cases) {
      const { log } = logParetoIntegral(...given);
      expect(Math.abs(log - bruteForce(...given))).toBeLessThan(1e-9);
    }
  });

  it("is nothing when there was no time to leave in", () => {
    expect(logParetoIntegral(2.5, 10, 0.6, 11, 30, 30).log).toBe(Number.NEGATIVE_INFINITY);
  });
});
