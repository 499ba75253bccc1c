/** Nodes in (0, 1) and weights that add up to 1. */
export interface Quadrature {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/**
 * Gauss-Legendre rule of n nodes on (0, 1), exact for polynomials up to degree 2n - 1. Roots of the Legendre polynomial
 * by Newton's method from Tricomi's approximation (Abramowitz & Stegun 25.4.29, 22.16.6).
 */
export function gaussLegendre(n: number): Quadrature {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < n; i++) {
    let root = -Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let iteration = 0; iteration < 100; iteration++) {
      let [before, value] = [1, root];
      for (let j = 2; j <= n; j++) [before, value] = [value, ((2 * j - 1) * root * value - (j - 1) * before) / j];
      slope = (n * (root * value - before)) / (root * root - 1);
      const step = value / slope;
      root -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    nodes.push((1 + root) / 2);
    weights.push(1 / ((1 - root * root) * slope * slope));
  }
  return { nodes, weights };
}
