import { betaCdf, logGamma } from "../specialFunctions.ts";

/**
 * P(N <= count) of the next period when `seen` events fell into `periods` periods of the same length before: the rate is
 * gamma distributed by what was seen (Jeffreys' 1/2 added), the count is negative binomial, whose tail is a beta's.
 */
export function fewerTail(count: number, seen: number, periods: number): number {
  return count < 0 ? 0 : betaCdf(seen + 0.5, count + 1, periods / (periods + 1));
}

/** P(N >= count), as fewerTail. */
export function moreTail(count: number, seen: number, periods: number): number {
  return count <= 0 ? 1 : betaCdf(count, seen + 0.5, 1 / (periods + 1));
}

/** P(none of the next `trials` is a hit) after `hits` of `seen` were: Beta-binomial with Jeffreys' halves. */
export function noneTail(trials: number, hits: number, seen: number): number {
  const a = hits + 0.5;
  const b = seen - hits + 0.5;
  return Math.exp(logGamma(b + trials) - logGamma(b) + logGamma(a + b) - logGamma(a + b + trials));
}
