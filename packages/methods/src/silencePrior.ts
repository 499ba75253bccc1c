/** Gamma distribution of clients' rates: mean r / alpha, alpha in the unit of time of the exposures. */
export interface GammaPrior {
  readonly r: number;
  readonly alpha: number;
}

/** One client's repeats and the time in which they could have happened (first event to the end of observation). */
export interface RepeatHistory {
  /** Events after the first, an integer >= 0. For detectSilence: active days after the first. */
  readonly repeats: number;
  /** For detectSilence: days. Any unit will do elsewhere; alpha comes out in it. */
  readonly exposure: number;
}

export interface GammaPriorFit {
  readonly prior: GammaPrior;
  /** Log-likelihood of the NBD in its ordered form (no x!, no T^x), comparable with BG/NBD and Pareto/NBD. */
  readonly logLikelihood: number;
  /** "default": too few clients or repeats to fit, the prior is defaultGammaPrior. */
  readonly origin: "fitted" | "default";
  readonly clients: number;
}

/** One event in 60 days, worth one event of evidence: a client with 3 repeats already outweighs it. In days. */
export const defaultGammaPrior: GammaPrior = { r: 1, alpha: 60 };

const MIN_CLIENTS = 30;
const MIN_REPEATS = 30;
/** Panels of clients all alike run to r = infinity. A prior worth at most ten events leaves each client its rhythm. */
const MAX_R = 10;
const MIN_R = 0.01;
const MAX_ITERATIONS = 200;
const TOLERANCE = 1e-10;

/**
 * Fits r and alpha for a panel by maximum likelihood of the NBD,
 *   L_i = G(r + x) / G(r) * alpha^r / (alpha + T)^(r + x)   (G the gamma function)
 * by damped Newton on log r and log alpha, r within 0.01 to 10. x is an integer, so G(r + x) / G(r) is a product and
 * its derivatives are exact sums: no special functions. O(clients + largest x) an iteration, usually under 20.
 *
 * On CDNOW (2,357 customers, weeks): r .385, alpha 12.07, log-likelihood -9763.66 (Fader, Hardie & Lee 2005).
 *
 * @param fallback returned when fewer than 30 clients have an exposure, or they repeated fewer than 30 times
 * @throws RangeError when repeats is not an integer >= 0 or exposure is negative or not finite, or when a client with
 *   no exposure has repeats
 */
export function fitGammaPoissonPrior(
  clients: readonly RepeatHistory[],
  fallback: GammaPrior = defaultGammaPrior,
): GammaPriorFit {
  for (const client of clients) checkRepeats(client);
  const panel = summarise(clients.filter((client) => client.exposure > 0));
  const size = panel.clients.length;
  if (size < MIN_CLIENTS || panel.repeats < MIN_REPEATS) {
    return { prior: fallback, logLikelihood: logLikelihood(panel, fallback), origin: "default", clients: size };
  }
  // Start at the panel's mean rate with r = 1.
  let prior: GammaPrior = { r: 1, alpha: panel.exposure / panel.repeats };
  let best = logLikelihood(panel, prior);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const step = newtonStep(panel, prior);
    let scale = 1;
    let next = moved(prior, step, scale);
    let value = logLikelihood(panel, next);
    while (!(value >= best) && scale > 1e-12) {
      scale /= 2;
      next = moved(prior, step, scale);
      value = logLikelihood(panel, next);
    }
    if (!(value >= best)) break;
    const change = Math.abs(Math.log(next.r / prior.r)) + Math.abs(Math.log(next.alpha / prior.alpha));
    prior = next;
    best = value;
    if (change < TOLERANCE) break;
  }
  return { prior, logLikelihood: best, origin: "fitted", clients: size };
}

interface Panel {
  readonly clients: readonly RepeatHistory[];
  readonly repeats: number;
  readonly exposure: number;
  /** atLeast[i]: clients with more than i repeats, the multiplicity of ln(r + i). */
  readonly atLeast: readonly number[];
}

function summarise(clients: readonly RepeatHistory[]): Panel {
  let repeats = 0;
  let exposure = 0;
  let most = 0;
  for (const client of clients) {
    repeats += client.repeats;
    exposure += client.exposure;
    most = Math.max(most, client.repeats);
  }
  const atLeast = new Array<number>(most).fill(0);
  for (const client of clients) if (client.repeats > 0) atLeast[client.repeats - 1]! += 1;
  for (let i = most - 2; i >= 0; i--) atLeast[i]! += atLeast[i + 1]!;
  return { clients, repeats, exposure, atLeast };
}

function logLikelihood(panel: Panel, { r, alpha }: GammaPrior): number {
  let sum = panel.clients.length * r * Math.log(alpha);
  for (const [i, times] of panel.atLeast.entries()) sum += times * Math.log(r + i);
  for (const { repeats, exposure } of panel.clients) sum -= (r + repeats) * Math.log(alpha + exposure);
  return sum;
}

/** Ascent step in (log r, log alpha): Newton where the Hessian is negative definite, else along the gradient. */
function newtonStep(panel: Panel, { r, alpha }: GammaPrior): { logR: number; logAlpha: number } {
  const size = panel.clients.length;
  let dR = size * Math.log(alpha);
  let dRR = 0;
  for (const [i, times] of panel.atLeast.entries()) {
    dR += times / (r + i);
    dRR -= times / (r + i) ** 2;
  }
  let dA = (size * r) / alpha;
  let dRA = size / alpha;
  let dAA = -(size * r) / alpha ** 2;
  for (const { repeats, exposure } of panel.clients) {
    const total = alpha + exposure;
    dR -= Math.log(total);
    dA -= (r + repeats) / total;
    dRA -= 1 / total;
    dAA += (r + repeats) / total ** 2;
  }
  const gR = r * dR;
  const gA = alpha * dA;
  const hRR = r * r * dRR + gR;
  const hRA = r * alpha * dRA;
  const hAA = alpha * alpha * dAA + gA;
  const atBound = (r <= MIN_R && gR < 0) || (r >= MAX_R && gR > 0);
  if (atBound) return { logR: 0, logAlpha: capped(hAA < 0 ? -gA / hAA : gA / size) };
  const determinant = hRR * hAA - hRA * hRA;
  if (hRR < 0 && determinant > 0) {
    return {
      logR: capped((hRA * gA - hAA * gR) / determinant),
      logAlpha: capped((hRA * gR - hRR * gA) / determinant),
    };
  }
  return { logR: capped(gR / size), logAlpha: capped(gA / size) };
}

function moved(prior: GammaPrior, step: { logR: number; logAlpha: number }, scale: number): GammaPrior {
  const r = Math.min(MAX_R, Math.max(MIN_R, prior.r * Math.exp(scale * step.logR)));
  return { r, alpha: prior.alpha * Math.exp(scale * step.logAlpha) };
}

function capped(step: number): number {
  return Math.max(-1, Math.min(1, step));
}

function checkRepeats({ repeats, exposure }: RepeatHistory): void {
  if (!(Number.isInteger(repeats) && repeats >= 0)) {
    throw new RangeError(`repeats must be an integer >= 0, got ${repeats}`);
  }
  if (!(exposure >= 0 && Number.isFinite(exposure))) throw new RangeError(`exposure must be >= 0, got ${exposure}`);
  if (exposure === 0 && repeats > 0) throw new RangeError(`${repeats} repeats in no time`);
}
