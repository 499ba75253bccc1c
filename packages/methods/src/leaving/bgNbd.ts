import { type BetaGeometricParameters, betaGeometricLikelihood } from "./betaGeometric.ts";
import { betaGeometricModel } from "./betaGeometricFuture.ts";
import { type FitOptions, fitByLikelihood, type ModelFit } from "./fitting.ts";
import type { LeavingModel } from "./leavingModel.ts";
import { panelOf } from "./panel.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";

export type BgNbdParameters = BetaGeometricParameters;

const form = { k: 1, leavesAtFirst: false };

/**
 * BG/NBD (Fader, Hardie & Lee 2005): clients buy at random at a rate of their own and may leave after each repeat purchase.
 * Who has bought once cannot have left yet, so P(alive) is 1 for them, however long ago that was: a reference, no alarm.
 *
 * @throws RangeError as panelOf, or when nobody repeated
 */
export function fitBgNbd(
  clients: Iterable<PurchaseSummary>,
  options: FitOptions<BgNbdParameters> = {},
): ModelFit<BgNbdParameters> {
  const panel = panelOf(clients);
  if (panel.repeats === 0 && options.prior === undefined)
    throw new RangeError("nobody bought twice: there is no rate to fit");
  const start = { r: 1, alpha: panel.exposure / panel.repeats, a: 1, b: 2 };
  return fitByLikelihood({ panel, evaluate: betaGeometricLikelihood(form, panel), start }, options);
}

/** @throws RangeError when a parameter is not positive */
export const bgNbd = (parameters: BgNbdParameters): LeavingModel => betaGeometricModel(form, parameters);
