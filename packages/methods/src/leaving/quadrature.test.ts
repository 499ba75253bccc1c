import { expect, it } from "vitest";
import { gaussLegendre } from "./quadrature.ts";

it("Gauss-Legendre of n nodes is exact for polynomials up to degree 2n - 1, and not beyond", () => {
  for (const n of [1, 2, 5, 12, 48]) {
    const { nodes, weights } = gaussLegendre(n);
    const moment = (degree: number) => nodes.reduce((sum, node, i) => sum + weights[i]! * node ** degree, 0);
    for (let degree = 0; degree < 2 * n; degree++) expect(moment(degree)).toBeCloseTo(1 / (degree + 1), 13);
    if (n <= 5) expect(Math.abs(moment(2 * n) - 1 / (2 * n + 1))).toBeGreaterThan(1e-8);
  }
});
