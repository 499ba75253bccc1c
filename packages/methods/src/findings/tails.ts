import { logGamma } from "../logGamma.ts";

/** P(Z > z) of the standard normal, by the continued fraction of W. J. Cody's kind in Numerical Recipes' erfc (1.2e-7). */
export function normalTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const sum = coefficients.reduceRight((value, coefficient) => value * t + coefficient, 0);
  const half = (t * Math.exp(-x * x + sum)) / 2;
  return z >= 0 ? half : 1 - half;
}

/**
 * P(N <= count) of the next period when `seen` events fell into `periods` periods of the same length before: the rate is
 * gamma distributed by what was seen (Jeffreys' 1/2 added), the count is negative binomial. O(count), stops early.
 */
export function fewerTail(count: number, seen: number, periods: number): number {
  if (count < 0) return 0;
  const shape = seen + 0.5;
  const failure = periods / (periods + 1);
  if (count > 100_000) return normalTail((shape / periods - count) / Math.sqrt((shape / periods) * (1 + 1 / periods)));
  let term = Math.exp(shape * Math.log(failure));
  // Too small a beginning would be lost: begin at the count and go down instead.
  if (term < 1e-280) return downwardTail(count, shape, failure);
  let sum = term;
  for (let n = 1; n <= count; n++) {
    term *= ((shape + n - 1) / n) * (1 - failure);
    sum += term;
  }
  return Math.min(1, sum);
}

/** P(N >= count), as fewerTail. */
export function moreTail(count: number, seen: number, periods: number): number {
  return count <= 0 ? 1 : Math.max(0, 1 - fewerTail(count - 1, seen, periods));
}

function downwardTail(count: number, shape: number, failure: number): number {
  let term = Math.exp(
    logGamma(shape + count) -
      logGamma(shape) -
      logGamma(count + 1) +
      shape * Math.log(failure) +
      count * Math.log(1 - failure),
  );
  let sum = term;
  for (let n = count; n > 0 && term > sum * 1e-15; n--) {
    term *= n / ((shape + n - 1) * (1 - failure));
    sum += term;
  }
  return Math.min(1, sum);
}

/** P(none of the next `trials` is a hit) after `hits` of `seen` were: Beta-binomial with Jeffreys' halves. */
export function noneTail(trials: number, hits: number, seen: number): number {
  const a = hits + 0.5;
  const b = seen - hits + 0.5;
  return Math.exp(logGamma(b + trials) - logGamma(b) + logGamma(a + b) - logGamma(a + b + trials));
}
