import { digamma, logGamma } from "../specialFunctions.ts";
import { type FitOptions, fitByLikelihood, type ModelFit } from "./fitting.ts";
import { type FuturePurchases, futureOf, negativeBinomialTail } from "./futurePurchases.ts";
import { checkHorizon, checkPositive, type LeavingModel } from "./leavingModel.ts";
import type { Evaluation } from "./maximise.ts";
import { checkSummary, type Panel, panelOf } from "./panel.ts";
import { logParetoIntegral } from "./paretoIntegral.ts";
import type { PurchaseSummary } from "./purchaseSummary.ts";
import { gaussLegendre } from "./quadrature.ts";

export interface ParetoNbdParameters {
  /** Rates of buying are gamma (r, alpha) among clients, alpha in the unit of time. */
  readonly r: number;
  readonly alpha: number;
  /** Rates of leaving are gamma (s, beta) among clients, beta in the unit of time. */
  readonly s: number;
  readonly beta: number;
}

/**
 * Pareto/NBD (Schmittlein, Morrison & Colombo 1987): clients buy at random at a rate of their own, until they leave at a
 * random time of their own, whether they have just bought or not.
 *
 * @throws RangeError as panelOf, or when nobody repeated
 */
export function fitParetoNbd(
  clients: Iterable<PurchaseSummary>,
  options: FitOptions<ParetoNbdParameters> = {},
): ModelFit<ParetoNbdParameters> {
  const panel = panelOf(clients);
  if (panel.repeats === 0 && options.prior === undefined)
    throw new RangeError("nobody bought twice: there is no rate to fit");
  const meanGap = panel.exposure / panel.repeats;
  const start = { r: 1, alpha: meanGap, s: 1, beta: panel.exposure / panel.clients };
  const evaluate = (r: number, alpha: number, s: number, beta: number) => paretoNbdLikelihood(panel, r, alpha, s, beta);
  return fitByLikelihood({ panel, evaluate, start }, options);
}

/**
 * Log-likelihood with its slopes: alive until T, or gone at some time between t_x and T (Fader & Hardie 2005, "A note on
 * deriving the Pareto/NBD model", equation 19). O(rows).
 */
export function paretoNbdLikelihood(panel: Panel, r: number, alpha: number, s: number, beta: number): Evaluation {
  const [logGammaR, digammaR, logAlpha, logBeta, logS] = [
    logGamma(r),
    digamma(r),
    Math.log(alpha),
    Math.log(beta),
    Math.log(s),
  ];
  let [value, dR, dAlpha, dS, dBeta, repeats, logRisen, digammaShape] = [0, 0, 0, 0, 0, -1, 0, 0];
  for (const { repeats: x, recency, exposure, clients } of panel.rows) {
    if (x !== repeats) {
      repeats = x;
      logRisen = logGamma(r + x) - logGammaR;
      digammaShape = digamma(r + x);
    }
    const shape = r + x;
    const [endAlpha, endBeta] = [alpha + exposure, beta + exposure];
    const [logEndAlpha, logEndBeta] = [Math.log(endAlpha), Math.log(endBeta)];
    const alive = -shape * logEndAlpha - s * logEndBeta;
    const integral = logParetoIntegral(shape, alpha, s, beta, recency, exposure);
    const total = logSum(alive, logS + integral.log);
    const isAlive = Math.exp(alive - total);
    const hasLeft = 1 - isAlive;
    value += clients * (logRisen + r * logAlpha + s * logBeta + total);
    dR += clients * (digammaShape - digammaR + logAlpha - isAlive * logEndAlpha + hasLeft * integral.shape);
    dAlpha += clients * (r / alpha - (isAlive * shape) / endAlpha + hasLeft * integral.alpha);
    dS += clients * (logBeta - isAlive * logEndBeta + hasLeft * (1 / s + integral.s));
    dBeta += clients * (s / beta - (isAlive * s) / endBeta + hasLeft * integral.beta);
  }
  return { value, gradient: [dR, dAlpha, dS, dBeta] };
}

const lifetimes = gaussLegendre(12);
/** In mean lives: nobody stays so long. */
const LONGEST_LIFE = 45;

/** @throws RangeError when a parameter is not positive */
export function paretoNbd(parameters: ParetoNbdParameters): LeavingModel {
  checkPositive({ ...parameters });
  const { r, alpha, s, beta } = parameters;
  const probabilityAlive = (client: PurchaseSummary): number => {
    checkSummary(client);
    const { repeats, recency, exposure } = client;
    const alive = -(r + repeats) * Math.log(alpha + exposure) - s * Math.log(beta + exposure);
    const left = Math.log(s) + logParetoIntegral(r + repeats, alpha, s, beta, recency, exposure).log;
    return 1 / (1 + Math.exp(left - alive));
  };
  return {
    probabilityAlive,
    expectedPurchases: (client, horizon) => {
      checkHorizon(horizon);
      const { repeats, exposure } = client;
      return (probabilityAlive(client) * (r + repeats) * timeAlive(s, beta + exposure, horizon)) / (alpha + exposure);
    },
    futurePurchases: (client, horizon) => {
      checkHorizon(horizon);
      const { repeats, exposure } = client;
      return futureOfAlive(r + repeats, alpha + exposure, s, beta + exposure, horizon, probabilityAlive(client));
    },
    expectedOfNewClient: (horizon) => {
      checkHorizon(horizon);
      return (r * timeAlive(s, beta, horizon)) / alpha;
    },
  };
}

/**
 * Time that a client alive now is expected to stay, of the next `horizon`: (rate / (s - 1)) (1 - (rate / (rate + t))^(s - 1))
 * (Fader & Hardie 2005, equation 41), which at s = 1 becomes rate · ln(1 + t / rate).
 */
function timeAlive(s: number, rate: number, horizon: number): number {
  const log = Math.log1p(horizon / rate);
  const exponent = (1 - s) * log;
  return rate * log * (Math.abs(exponent) < 1e-12 ? 1 : Math.expm1(exponent) / exponent);
}

/**
 * Purchases of the time in which the client stays. That time is integrated over in y = ln(1 + time / rate), in which it is
 * exponential with rate s.
 */
function futureOfAlive(
  shape: number,
  rate: number,
  s: number,
  leaveRate: number,
  horizon: number,
  alive: number,
): FuturePurchases {
  const tailAfter = (time: number) => negativeBinomialTail(shape, time / (rate + time));
  const width = Math.min(Math.log1p(horizon / leaveRate), LONGEST_LIFE / s);
  const panels = Math.ceil(Math.max(2, width, (s * width) / 12));
  const staying = { weight: Math.exp(-s * width), tail: tailAfter(horizon) };
  const lives = [staying];
  for (let panel = 0; panel < panels; panel++) {
    for (const [i, node] of lifetimes.nodes.entries()) {
      const y = (width * (panel + node)) / panels;
      const weight = (lifetimes.weights[i]! * width * s * Math.exp(-s * y)) / panels;
      lives.push({ weight, tail: tailAfter(leaveRate * Math.expm1(y)) });
    }
  }
  return futureOf((m) => alive * lives.reduce((sum, { weight, tail }) => sum + weight * tail(m), 0));
}

const logSum = (a: number, b: number): number =>
  a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
