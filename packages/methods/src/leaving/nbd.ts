import { ratePosterior } from "../silence.ts";
import { fitGammaPoissonPrior, type GammaPrior } from "../silencePrior.ts";
import { digamma, logGamma } from "../specialFunctions.ts";
import { type FitOptions, fitByLikelihood, type ModelFit } from "./fitting.ts";
import { type FuturePurchases, futureOf, negativeBinomialTail } from "./futurePurchases.ts";
import { checkHorizon, checkPositive, type LeavingModel } from "./leavingModel.ts";
import type { Evaluation } from "./maximise.ts";
import { checkSummary, type Panel, panelOf } from "./panel.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";

/** Rates are gamma (r, alpha) among clients. */
export type NbdParameters = GammaPrior;

/**
 * NBD (Ehrenberg 1959): everybody buys at a steady rate of their own, for ever. The yardstick for models in which clients
 * leave. It is the model of fitGammaPoissonPrior without its caution, which keeps r below 10 and falls back on a default:
 * the search starts from there, and panels that the prior would refuse are fitted too.
 *
 * @throws RangeError as panelOf, or when nobody repeated
 */
export function fitNbd(
  clients: readonly PurchaseSummary[],
  options: FitOptions<NbdParameters> = {},
): ModelFit<NbdParameters> {
  const panel = panelOf(clients);
  if (panel.repeats === 0 && options.prior === undefined)
    throw new RangeError("nobody bought twice: there is no rate to fit");
  const { prior, origin } = fitGammaPoissonPrior(clients.filter(({ exposure }) => exposure > 0));
  const start = origin === "fitted" ? prior : { r: 1, alpha: panel.exposure / panel.repeats };
  return fitByLikelihood({ panel, evaluate: (r, alpha) => nbdLikelihood(panel, r, alpha), start }, options);
}

/** Ordered form (no x!, no T^x), comparable with the models in which clients leave. O(rows). */
export function nbdLikelihood(panel: Panel, r: number, alpha: number): Evaluation {
  const [logGammaR, digammaR, logAlpha] = [logGamma(r), digamma(r), Math.log(alpha)];
  let [value, dR, dAlpha, repeats, logRisen, digammaShape] = [0, 0, 0, -1, 0, 0];
  for (const row of panel.rows) {
    if (row.repeats !== repeats) {
      repeats = row.repeats;
      logRisen = logGamma(r + repeats) - logGammaR;
      digammaShape = digamma(r + repeats);
    }
    const logTotal = Math.log(alpha + row.exposure);
    value += row.clients * (logRisen + r * logAlpha - (r + repeats) * logTotal);
    dR += row.clients * (digammaShape - digammaR + logAlpha - logTotal);
    dAlpha += row.clients * (r / alpha - (r + repeats) / (alpha + row.exposure));
  }
  return { value, gradient: [dR, dAlpha] };
}

/** @throws RangeError when a parameter is not positive */
export function nbd(parameters: NbdParameters): LeavingModel {
  checkPositive({ ...parameters });
  const futureFrom = (repeats: number, exposure: number, horizon: number): FuturePurchases => {
    const { shape, rateDays: rate } = ratePosterior(parameters, repeats, exposure);
    return futureOf(negativeBinomialTail(shape, horizon / (rate + horizon)));
  };
  const checked = (client: PurchaseSummary, horizon: number): void => {
    checkSummary(client);
    checkHorizon(horizon);
  };
  return {
    probabilityAlive: () => 1,
    expectedPurchases: (client, horizon) => {
      checked(client, horizon);
      const { shape, rateDays: rate } = ratePosterior(parameters, client.repeats, client.exposure);
      return (shape / rate) * horizon;
    },
    futurePurchases: (client, horizon) => {
      checked(client, horizon);
      return futureFrom(client.repeats, client.exposure, horizon);
    },
    expectedOfNewClient: (horizon) => {
      checkHorizon(horizon);
      return (parameters.r / parameters.alpha) * horizon;
    },
  };
}
