import { compiled, igami, incbet, lgam, ndtr, ndtri, psi } from "cephes";

// The library is WebAssembly within its own file (no I/O): 20 ms of compiling when it is first imported.
await compiled;

/** ln of the gamma function, x > 0. */
export const logGamma = (x: number): number => lgam(x);

/** Derivative of logGamma, x > 0. */
export const digamma = (x: number): number => psi(x);

/** ln of the beta function, a, b > 0. */
export const logBeta = (a: number, b: number): number => lgam(a) + lgam(b) - lgam(a + b);

/** P(B <= x) of a beta distribution, a, b > 0, x within 0 to 1. */
export const betaCdf = (a: number, b: number, x: number): number => (x <= 0 ? 0 : x >= 1 ? 1 : incbet(a, b, x));

/** P(Z > z) of the standard normal distribution. */
export const normalTail = (z: number): number => ndtr(-z);

/** From there on cephes meets underflow now and then, and the approximation is right to 1e-5. */
const NEARLY_NORMAL_SHAPE = 1_000;

/** Small, and still safe to divide by. */
const LEAST = 1e-290;

/**
 * The x with P(G > x) = tail for a gamma distribution of this shape and rate 1, 0 < tail < 1. Large shapes by Wilson &
 * Hilferty 1931: the cube root is nearly normal.
 */
export function gammaUpperQuantile(shape: number, tail: number): number {
  // P(G <= x) = x^shape / G(shape + 1) (1 - O(x)), where small shapes have quantiles smaller than any double.
  const leading = (Math.log1p(-tail) + lgam(shape + 1)) / shape;
  if (leading < -50) return Math.max(Math.exp(leading), LEAST);
  if (shape < NEARLY_NORMAL_SHAPE) return igami(shape, tail);
  return shape * (1 - 1 / (9 * shape) - ndtri(tail) / (3 * Math.sqrt(shape))) ** 3;
}
