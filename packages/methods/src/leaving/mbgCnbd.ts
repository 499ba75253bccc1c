import { type BetaGeometricParameters, betaGeometricLikelihood } from "./betaGeometric.ts";
import { betaGeometricModel } from "./betaGeometricFuture.ts";
import { type FitOptions, fitByLikelihood, type ModelFit } from "./fitting.ts";
import type { LeavingModel } from "./leavingModel.ts";
import { type Panel, panelOf } from "./panel.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";

export type MbgCnbdParameters = BetaGeometricParameters;

export interface MbgCnbdFit extends ModelFit<MbgCnbdParameters> {
  /** Regularity: 1 is buying at random, 6 nearly like clockwork. */
  readonly k: number;
  /** Log-likelihood of each k that was tried. */
  readonly tried: readonly { readonly k: number; readonly logLikelihood: number }[];
}

export interface MbgCnbdOptions extends FitOptions<MbgCnbdParameters> {
  /** Fits this k alone; by default 1 to 6 are compared. */
  readonly k?: number;
}

const MOST_K = 6;

/**
 * MBG/CNBD-k (Platzer & Reutterer 2016): clients buy at a rate of their own and with a regularity that is the same for all,
 * and may leave after each purchase, the first included. With k = 1 it is MBG/NBD (Batislam, Denizel & Filiztekin 2007). k
 * is the one of 1 to 6 with the greatest likelihood; it is looked for upwards and until the likelihood falls. Six fits at
 * most.
 *
 * @throws RangeError as panelOf, when nobody repeated, when k is no whole number above 0, or when k > 1 is asked for and a
 *   repeat buyer has no logIntervals
 */
export function fitMbgCnbd(clients: Iterable<PurchaseSummary>, options: MbgCnbdOptions = {}): MbgCnbdFit {
  const panel = panelOf(clients);
  if (panel.repeats === 0 && options.prior === undefined)
    throw new RangeError("nobody bought twice: there is no rate to fit");
  const { k: asked } = options;
  if (asked !== undefined) {
    if (!(Number.isInteger(asked) && asked >= 1))
      throw new RangeError(`k must be a whole number above 0, got ${asked}`);
    const fit = fitWith(panel, asked, options);
    return { ...fit, k: asked, tried: [{ k: asked, logLikelihood: fit.logLikelihood }] };
  }
  const tried: { k: number; logLikelihood: number }[] = [];
  let best: (ModelFit<MbgCnbdParameters> & { k: number }) | undefined;
  for (let k = 1; k <= MOST_K; k++) {
    if (k > 1 && Number.isNaN(panel.logIntervals)) break;
    // Each from the usual start: of k = 1 the last k's parameters may lie where "nobody leaves" and the slope is lost.
    const fit = fitWith(panel, k, options);
    tried.push({ k, logLikelihood: fit.logLikelihood });
    if (best !== undefined && fit.logLikelihood <= best.logLikelihood) break;
    best = { ...fit, k };
  }
  return { ...best!, tried };
}

function fitWith(panel: Panel, k: number, options: FitOptions<MbgCnbdParameters>): ModelFit<MbgCnbdParameters> {
  if (k > 1 && Number.isNaN(panel.logIntervals)) {
    throw new RangeError(`k = ${k} needs logIntervals of every repeat buyer (summarisePurchases counts them)`);
  }
  const start = { r: 1, alpha: panel.exposure / panel.repeats / k, a: 1, b: 2 };
  return fitByLikelihood(
    { panel, evaluate: betaGeometricLikelihood({ k, leavesAtFirst: true }, panel), start },
    options,
  );
}

/** @throws RangeError when a parameter is not positive or k is no whole number above 0 */
export const mbgCnbd = (k: number, parameters: MbgCnbdParameters): LeavingModel =>
  betaGeometricModel({ k, leavesAtFirst: true }, parameters);
