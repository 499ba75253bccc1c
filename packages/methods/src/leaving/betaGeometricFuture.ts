import {
  type BetaGeometricParameters,
  type BetaGeometricShape,
  betaGeometricAlive,
  phasesOf,
} from "./betaGeometric.ts";
import { type FuturePurchases, futureOf, negativeBinomialTail } from "./futurePurchases.ts";
import { checkHorizon, checkPositive, type LeavingModel } from "./leavingModel.ts";
import { checkSummary } from "./panel.ts";

/**
 * A model of the family. Its forecasts are exact for every k, where the papers have closed forms for k = 1 alone and the R
 * package BTYDplus approximates: P(at least m purchases) = P(the process brings m · k events, less the phase) · P(the client
 * stayed after each of the m - 1 before). The rate's posterior is gamma and the leaving probability's beta, independent
 * given that the client is alive, so that the first is a negative binomial tail and the second a product.
 *
 * @throws RangeError when a parameter is not positive or k is no whole number above 0
 */
export function betaGeometricModel(form: BetaGeometricShape, parameters: BetaGeometricParameters): LeavingModel {
  const { k, leavesAtFirst } = form;
  const { r, alpha, a, b } = parameters;
  checkPositive({ r, alpha, a, b });
  if (!(Number.isInteger(k) && k >= 1)) throw new RangeError(`k must be a whole number above 0, got ${k}`);
  const first = leavesAtFirst ? 1 : 0;

  /** @param stays second parameter of the leaving probability's beta, given all purchases that the client stayed after */
  const futureOfAlive = (
    alive: number,
    phases: readonly number[],
    shape: number,
    rate: number,
    stays: number,
    horizon: number,
  ): FuturePurchases => {
    const z = horizon / (rate + horizon);
    const tails = phases.map((_, phase) => negativeBinomialTail(shape + phase, z));
    let stayed = alive;
    return futureOf((m) => {
      if (m > 1) stayed *= (stays + m - 2) / (a + stays + m - 2);
      let enough = 0;
      for (let phase = 0; phase < k; phase++) enough += phases[phase]! * tails[phase]!(m * k - phase);
      return stayed * enough;
    });
  };
  const model: LeavingModel = {
    probabilityAlive: (client) => {
      checkSummary(client);
      return betaGeometricAlive(form, parameters, client);
    },
    expectedPurchases: (client, horizon) => model.futurePurchases(client, horizon).expected,
    futurePurchases: (client, horizon) => {
      checkSummary(client);
      checkHorizon(horizon);
      const { repeats, exposure } = client;
      const alive = betaGeometricAlive(form, parameters, client);
      const phases = phasesOf(form, parameters, client);
      return futureOfAlive(alive, phases, r + k * repeats, alpha + exposure, b + repeats + first, horizon);
    },
    expectedOfNewClient: (horizon) => {
      checkHorizon(horizon);
      // Of those who may leave at their first purchase, b / (a + b) stay.
      const alive = leavesAtFirst ? b / (a + b) : 1;
      const phases = Array.from({ length: k }, (_, phase) => (phase === 0 ? 1 : 0));
      return futureOfAlive(alive, phases, r, alpha, b + first, horizon).expected;
    },
  };
  return model;
}
