import { compiled, igami, incbet, lgam, psi } from "cephes";

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

/** The x with P(G > x) = tail for a gamma distribution of this shape and rate 1, 0 < tail < 1. */
export const gammaUpperQuantile = (shape: number, tail: number): number => igami(shape, tail);
