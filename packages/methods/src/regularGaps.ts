import type { GammaPrior } from "./silencePrior.ts";
import { logGamma } from "./specialFunctions.ts";

/**
 * How regular a panel's clients are: gaps are Erlang-k, the sum of k exponential stages (k = 1: at random; 6: nearly as a
 * clock), and each k holds for a share of the clients.
 */
export interface RegularityShare {
  readonly k: number;
  readonly share: number;
}

/** A client's gaps as three sums: all that the likelihood needs. */
export interface GapSums {
  /** Gaps so far: active days after the first. */
  readonly repeats: number;
  /** Their sum in days. */
  readonly spanDays: number;
  /** The sum of their logarithms, in days: near repeats * ln(mean gap) where all are alike. */
  readonly sumLogGapDays: number;
}

/** What a client's next gap is like: a mixture over k of gaps whose rate was integrated out. */
export interface GapLaw {
  readonly parts: readonly {
    readonly k: number;
    /** Posterior probability that the client is of this k. */
    readonly weight: number;
    /** Gamma posterior of the stage rate: shape r + k x, rate alpha / k + t. */
    readonly shape: number;
    readonly rateDays: number;
  }[];
  /** k at the posterior rate, averaged: the client's usual gap. */
  readonly expectedGapDays: number;
}

/** ln of 0! to 5!. */
const logFactorials = [1, 1, 2, 6, 24, 120].map(Math.log);

export const regularityShapes = [1, 2, 3, 4, 6] as const;
/** Everybody at random: what silence assumed before regularity was looked at. */
export const randomGaps: readonly RegularityShare[] = [{ k: 1, share: 1 }];

const MIN_GAPS = 3;
/**
 * Gaps are whole days and never shorter than one, which makes short ones look regular that are not: a client who comes at
 * random every other day would be called silent after a long weekend. Below two weeks between days gaps are at random.
 */
const MIN_MEAN_GAP_DAYS = 14;
const MIN_CLIENTS = 30;
/** Belief in "at random" and in each other k, in clients: shares move slowly away from k = 1. */
const RANDOM_CLIENTS = 10;
const OTHER_CLIENTS = 1;
const ITERATIONS = 100;
const TOLERANCE = 1e-4;

/**
 * Log-likelihood of a client's gaps as Erlang-k with its stage rate gamma distributed (r, alpha / k): for every k the
 * panel's clients have the same mean rates, they are only more or less regular. Constant factors left out equally.
 *   (k - 1) sum(ln g) - x ln G(k) + ln G(a) + r ln b0 - a ln(b0 + t),  a = r + k x, b0 = alpha / k
 */
export function erlangLogLikelihood(k: number, prior: GammaPrior, gaps: GapSums): number {
  const shape = prior.r + k * gaps.repeats;
  const rate = prior.alpha / k;
  return (
    (k - 1) * gaps.sumLogGapDays -
    gaps.repeats * logFactorials[k - 1]! +
    logGamma(shape) +
    prior.r * Math.log(rate) -
    shape * Math.log(rate + gaps.spanDays)
  );
}

/**
 * Shares of clients by k, by expectation-maximisation with a weak belief in k = 1. Clients with fewer than three gaps say
 * nothing about regularity and are left out. O(clients) an iteration.
 *
 * @returns everybody at random with fewer than 30 such clients
 */
export function fitRegularity(clients: readonly GapSums[], prior: GammaPrior): RegularityShare[] {
  const known = clients.filter((gaps) => gaps.repeats >= MIN_GAPS && areLong(gaps));
  if (known.length < MIN_CLIENTS) return [...randomGaps];
  const likelihoods = known.map((gaps) => {
    const logs = regularityShapes.map((k) => erlangLogLikelihood(k, prior, gaps));
    const most = Math.max(...logs);
    return logs.map((log) => Math.exp(log - most));
  });
  const belief = regularityShapes.map((k) => (k === 1 ? RANDOM_CLIENTS : OTHER_CLIENTS));
  const believed = belief.reduce((sum, clients) => sum + clients, 0);
  let shares = belief.map((clients) => clients / believed);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const sums = [...belief];
    for (const likelihood of likelihoods) {
      let total = 0;
      for (let i = 0; i < shares.length; i++) total += shares[i]! * likelihood[i]!;
      for (let i = 0; i < shares.length; i++) sums[i]! += (shares[i]! * likelihood[i]!) / total;
    }
    const next = sums.map((sum) => sum / (known.length + believed));
    const change = next.reduce((most, share, i) => Math.max(most, Math.abs(share - shares[i]!)), 0);
    shares = next;
    if (change < TOLERANCE) break;
  }
  return regularityShapes.map((k, i) => ({ k, share: shares[i]! }));
}

/** A client's law of gaps: its own gaps weigh the panel's shares of k. */
export function gapLaw(prior: GammaPrior, regularity: readonly RegularityShare[], gaps: GapSums): GapLaw {
  const shapes = areLong(gaps) ? regularity : randomGaps;
  const logs = shapes.map(({ k }) => (shapes.length === 1 ? 0 : erlangLogLikelihood(k, prior, gaps)));
  const weights = posteriorWeights(
    logs,
    shapes.map(({ share }) => share),
  );
  const parts = shapes.map(({ k }, i) => ({
    k,
    weight: weights[i]!,
    shape: prior.r + k * gaps.repeats,
    rateDays: prior.alpha / k + gaps.spanDays,
  }));
  const expectedGapDays = parts.reduce(
    (sum, { k, weight, shape, rateDays }) => sum + (weight * k * rateDays) / shape,
    0,
  );
  return { parts, expectedGapDays };
}

/**
 * P(gap > gapDays). Of one k: the first k terms of a negative binomial,
 *   sum_{j<k} C(a + j - 1, j) (b / (b + g))^a (g / (b + g))^j, which for k = 1 is the Lomax tail of gapTail.
 */
export function gapLawTail({ parts }: GapLaw, gapDays: number): number {
  let tail = 0;
  for (const { k, weight, shape, rateDays } of parts) {
    if (weight === 0) continue;
    let term = Math.exp(-shape * Math.log1p(gapDays / rateDays));
    let sum = term;
    for (let j = 1; j < k; j++) {
      term *= ((shape + j - 1) / j) * (gapDays / (rateDays + gapDays));
      sum += term;
    }
    tail += weight * Math.min(1, sum);
  }
  return tail;
}

/**
 * The gap in days whose tail is `probability` (0 < p <= 1): the inverse of gapLawTail. In closed form where gaps come at
 * random, else by the Illinois rule (Dowell & Jarratt 1971) on the logarithm of the tail, some ten looks.
 */
export function gapLawAtTail(law: GapLaw, probability: number): number {
  if (!(probability > 0 && probability <= 1)) throw new RangeError(`probability must be in (0, 1], got ${probability}`);
  if (probability === 1) return 0;
  const [only, ...others] = law.parts;
  if (others.length === 0 && only!.k === 1) return only!.rateDays * Math.expm1(-Math.log(probability) / only!.shape);
  const excess = (gap: number): number => Math.log(gapLawTail(law, gap) / probability);
  let [low, high] = [0, law.expectedGapDays];
  let [above, below] = [-Math.log(probability), excess(high)];
  while (below > 0 && high < Number.MAX_VALUE / 4) {
    [low, above] = [high, below];
    high *= 2;
    below = excess(high);
  }
  for (let step = 0, side = 0; step < 100 && high - low > 1e-13 * high; step++) {
    const next = (low * below - high * above) / (below - above);
    const value = excess(next);
    if (Math.abs(value) < 1e-13) return next;
    if (value > 0) {
      [low, above] = [next, value];
      if (side === 1) below /= 2;
      side = 1;
    } else {
      [high, below] = [next, value];
      if (side === -1) above /= 2;
      side = -1;
    }
  }
  return high;
}

/** Long enough gaps for whole days to measure them. */
function areLong({ repeats, spanDays }: GapSums): boolean {
  return spanDays >= MIN_MEAN_GAP_DAYS * repeats;
}

function posteriorWeights(logs: readonly number[], shares: readonly number[]): number[] {
  const most = Math.max(...logs);
  const weights = logs.map((log, i) => shares[i]! * Math.exp(log - most));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
