import { digamma, logBeta, logGamma } from "../specialFunctions.ts";
import type { Evaluation } from "./maximise.ts";
import type { Panel } from "./panel.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";

/**
 * What BG/NBD, MBG/NBD and MBG/CNBD-k have in common: each client has a rate, gamma (r, alpha) among clients, and after
 * each purchase leaves for good with a probability that is beta (a, b) among clients.
 */
export interface BetaGeometricShape {
  /** Purchases come at every k-th event of a Poisson process: k = 1 at random, more the more regular (Erlang-k). */
  readonly k: number;
  /** MBG: a client may leave at the first purchase already; BG: not before the first repeat. */
  readonly leavesAtFirst: boolean;
}

export interface BetaGeometricParameters {
  readonly r: number;
  /** In the unit of time; of the underlying process, whose events are k a purchase. */
  readonly alpha: number;
  readonly a: number;
  readonly b: number;
}

/**
 * Log-likelihood with its slopes in r, alpha, a, b (Platzer & Reutterer 2016, equation 6; k = 1: Batislam et al. 2007 and
 * Fader, Hardie & Lee 2005). It is the sum of two ways to have bought x times until t_x and not since: alive, with fewer
 * than k events of the process since then, or gone at t_x. O(rows · k).
 */
export function betaGeometricLikelihood({ k, leavesAtFirst }: BetaGeometricShape, panel: Panel) {
  const regularity = k === 1 ? 0 : (k - 1) * panel.logIntervals - panel.repeats * logGamma(k);
  const first = leavesAtFirst ? 1 : 0;
  return (r: number, alpha: number, a: number, b: number): Evaluation => {
    const [logGammaR, digammaR, logAlpha] = [logGamma(r), digamma(r), Math.log(alpha)];
    const [logBetaAB, digammaB, digammaAB] = [logBeta(a, b), digamma(b), digamma(a + b)];
    let [value, dR, dAlpha, dA, dB] = [regularity, 0, 0, 0, 0];
    let repeats = -1;
    let [shape, stays, common, slopeR, slopeA, slopeB, logLeft] = [0, 0, 0, 0, 0, 0, 0];
    const risen = risingFactors(k);
    for (const row of panel.rows) {
      if (row.repeats !== repeats) {
        repeats = row.repeats;
        shape = r + k * repeats;
        stays = b + repeats + first;
        common = logGamma(shape) - logGammaR + r * logAlpha + logBeta(a, stays) - logBetaAB;
        slopeR = digamma(shape) - digammaR + logAlpha;
        slopeA = digammaAB - digamma(a + stays);
        slopeB = digamma(stays) - digammaB + slopeA;
        // Before any purchase at which a client could have left, nobody has.
        logLeft = leavesAtFirst || repeats > 0 ? Math.log(a / (stays - 1)) : Number.NEGATIVE_INFINITY;
        risen.setShape(shape);
      }
      const silent = alpha + row.exposure;
      const bought = alpha + row.recency;
      const waited = (row.exposure - row.recency) / silent;
      const { sum, slopeShape, slopeWaited } = risen.at(waited);
      const alive = Math.log(sum) - shape * Math.log(silent);
      const left = logLeft - shape * Math.log(bought);
      const total =
        alive > left ? alive + Math.log1p(Math.exp(left - alive)) : left + Math.log1p(Math.exp(alive - left));
      const isAlive = Math.exp(alive - total);
      const isLeft = 1 - isAlive;
      const n = row.clients;
      value += n * (common + total);
      dR += n * (slopeR + isAlive * (slopeShape / sum - Math.log(silent)) - isLeft * Math.log(bought));
      const aliveAlpha = -(shape + (waited * slopeWaited) / sum) / silent;
      dAlpha += n * (r / alpha + isAlive * aliveAlpha - (isLeft * shape) / bought);
      dA += n * (slopeA + isLeft / a);
      dB += n * (slopeB - (isLeft === 0 ? 0 : isLeft / (stays - 1)));
    }
    return { value, gradient: [dR, dAlpha, dA, dB] };
  };
}

/**
 * The sum over phases j < k of G(n + j) / (G(n) j!) u^j, which weighs "j events of the process since the last purchase",
 * and its slopes in n and u (G the gamma function).
 */
function risingFactors(k: number) {
  const factors = new Array<number>(k).fill(1);
  const slopes = new Array<number>(k).fill(0);
  return {
    setShape: (shape: number): void => {
      for (let j = 1; j < k; j++) {
        const ratio = (shape + j - 1) / j;
        factors[j] = factors[j - 1]! * ratio;
        slopes[j] = slopes[j - 1]! * ratio + factors[j - 1]! / j;
      }
    },
    at: (u: number): { sum: number; slopeShape: number; slopeWaited: number } => {
      let [sum, slopeShape, slopeWaited] = [0, 0, 0];
      for (let j = k - 1; j >= 0; j--) {
        slopeWaited = slopeWaited * u + sum;
        sum = sum * u + factors[j]!;
        slopeShape = slopeShape * u + slopes[j]!;
      }
      return { sum, slopeShape, slopeWaited };
    },
  };
}

/** Probability of each phase j < k of a client who is alive: j events of the process since the last purchase. */
export function phasesOf({ k }: BetaGeometricShape, { r, alpha }: BetaGeometricParameters, client: PurchaseSummary) {
  const waited = (client.exposure - client.recency) / (alpha + client.exposure);
  const weights = [1];
  for (let j = 1; j < k; j++) weights.push((weights[j - 1]! * waited * (r + k * client.repeats + j - 1)) / j);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** P(alive at T | x, t_x, T). */
export function betaGeometricAlive(
  { k, leavesAtFirst }: BetaGeometricShape,
  { r, alpha, a, b }: BetaGeometricParameters,
  { repeats, recency, exposure }: PurchaseSummary,
): number {
  if (!leavesAtFirst && repeats === 0) return 1;
  const shape = r + k * repeats;
  const risen = risingFactors(k);
  risen.setShape(shape);
  const { sum } = risen.at((exposure - recency) / (alpha + exposure));
  const logOdds =
    Math.log(a / (b + repeats - (leavesAtFirst ? 0 : 1))) -
    Math.log(sum) +
    shape * Math.log((alpha + exposure) / (alpha + recency));
  return 1 / (1 + Math.exp(logOdds));
}
