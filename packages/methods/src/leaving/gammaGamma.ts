import { digamma, gammaUpperQuantile, logGamma } from "../specialFunctions.ts";
import { type FitOptions, fitByLikelihood, type ModelFit } from "./fitting.ts";
import { checkPositive } from "./leavingModel.ts";

export interface GammaGammaParameters {
  /** Amounts of one client are gamma with shape p. */
  readonly p: number;
  /** Their scales are gamma (q, gamma) among clients, gamma in money. */
  readonly q: number;
  readonly gamma: number;
}

/** What a client spent: purchases that were counted and their mean amount, > 0. */
export interface Spend {
  readonly purchases: number;
  readonly meanAmount: number;
}

/**
 * Gamma-gamma (Fader & Hardie 2013): each client has a mean amount a purchase, which does not change and has nothing to do
 * with how often they buy. `spends` are usually the repeat purchases of the clients who have some, as in the paper;
 * others count for nothing. Log-likelihood: equation 1a with z̄.
 *
 * @throws RangeError when nobody has a purchase and an amount > 0, or a number can't be
 */
export function fitGammaGamma(
  spends: Iterable<Spend>,
  options: FitOptions<GammaGammaParameters> = {},
): ModelFit<GammaGammaParameters> {
  const panel = spendPanel(spends);
  const evaluate = (p: number, q: number, gamma: number) => gammaGammaLikelihood(panel, p, q, gamma);
  return fitByLikelihood({ panel, evaluate, start: { p: 2, q: 3, gamma: panel.meanAmount } }, options);
}

interface SpendPanel {
  /** Few purchases first. */
  readonly spends: readonly Spend[];
  readonly meanAmount: number;
  readonly clients: number;
  readonly repeatBuyers: number;
  readonly repeats: number;
}

export function spendPanel(all: Iterable<Spend>): SpendPanel {
  const spends: Spend[] = [];
  let [amounts, repeats] = [0, 0];
  for (const spend of all) {
    checkSpend(spend);
    if (spend.purchases === 0) continue;
    if (spend.meanAmount === 0) throw new RangeError("meanAmount must be > 0 where there are purchases, got 0");
    spends.push(spend);
    amounts += spend.meanAmount;
    repeats += spend.purchases;
  }
  if (spends.length === 0) throw new RangeError("nobody has a repeat purchase with an amount above 0");
  spends.sort((a, b) => a.purchases - b.purchases);
  const clients = spends.length;
  return { spends, meanAmount: amounts / clients, clients, repeatBuyers: clients, repeats };
}

function checkSpend({ purchases, meanAmount }: Spend): void {
  if (!(Number.isInteger(purchases) && purchases >= 0)) {
    throw new RangeError(`purchases must be an integer >= 0, got ${purchases}`);
  }
  if (!(meanAmount >= 0 && Number.isFinite(meanAmount)))
    throw new RangeError(`meanAmount must be >= 0, got ${meanAmount}`);
}

/** Log-likelihood with its slopes in p, q, gamma. O(clients). */
export function gammaGammaLikelihood({ spends }: SpendPanel, p: number, q: number, gamma: number) {
  const [logGammaQ, digammaQ, logScale] = [logGamma(q), digamma(q), Math.log(gamma)];
  let [value, dP, dQ, dGamma, purchases] = [0, 0, 0, 0, -1];
  let [common, slopeP, slopeQ] = [0, 0, 0];
  for (const { purchases: x, meanAmount } of spends) {
    const shape = p * x + q;
    if (x !== purchases) {
      purchases = x;
      const digammaShape = digamma(shape);
      common = logGamma(shape) - logGamma(p * x) - logGammaQ + q * logScale + p * x * Math.log(x);
      slopeP = x * (digammaShape - digamma(p * x) + Math.log(x));
      slopeQ = digammaShape - digammaQ + logScale;
    }
    const total = gamma + x * meanAmount;
    const [logAmount, logTotal] = [Math.log(meanAmount), Math.log(total)];
    value += common + (p * x - 1) * logAmount - shape * logTotal;
    dP += slopeP + x * (logAmount - logTotal);
    dQ += slopeQ - logTotal;
    dGamma += q / gamma - shape / total;
  }
  return { value, gradient: [dP, dQ, dGamma] };
}

/** Gamma posterior of the client's inverse scale: shape q + p x, rate gamma + x z̄. */
export function scalePosterior({ p, q, gamma }: GammaGammaParameters, { purchases, meanAmount }: Spend) {
  return { shape: q + p * purchases, rate: gamma + purchases * meanAmount };
}

export interface ExpectedAmount {
  /** Mean amount of a future purchase; undefined where it has no mean (q + p x <= 1: a tail too heavy for one). */
  readonly expected: number | undefined;
  /** Interval of the client's own mean amount, not of a single purchase. */
  readonly low: number;
  readonly high: number;
}

/**
 * What a purchase of this client is worth: between their own mean and that of all, the nearer to their own the more they
 * bought (Fader & Hardie 2013, equation 5). Clients without purchases get the mean of all.
 *
 * @param level probability that the interval holds the client's mean
 * @throws RangeError when a parameter is not positive, a spend can't be, or the level is not within 0 to 1
 */
export function expectedAmount(parameters: GammaGammaParameters, spend: Spend, level = 0.8): ExpectedAmount {
  checkPositive({ ...parameters });
  checkSpend(spend);
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be within 0 to 1, got ${level}`);
  const { shape, rate } = scalePosterior(parameters, spend);
  const at = (tail: number) => (parameters.p * rate) / gammaUpperQuantile(shape, tail);
  return {
    expected: shape > 1 ? (parameters.p * rate) / (shape - 1) : undefined,
    low: at((1 - level) / 2),
    high: at((1 + level) / 2),
  };
}
