import { gaussLegendre } from "./quadrature.ts";

/** ln of the integral and its slopes in the four arguments. */
export interface LogIntegral {
  readonly log: number;
  readonly shape: number;
  readonly alpha: number;
  readonly s: number;
  readonly beta: number;
}

const rule = gaussLegendre(12);
const nodes = Float64Array.from(rule.nodes);
const weights = Float64Array.from(rule.weights);
/** Beyond this exponent the integrand adds nothing to a double. */
const NEGLIGIBLE = 45;
/** 12 nodes are exact to 1e-13 on a panel that is no wider than this, and on which the exponent moves by no more. */
const PANEL_WIDTH = 2.5;
const PANEL_EXPONENT = 12;

/**
 * ln of the integral from t_x to T of (alpha + u)^-shape (beta + u)^-(s + 1) du: the ways to have left the Pareto/NBD after
 * the last purchase. The papers write it as the difference of two hypergeometric functions (Schmittlein, Morrison & Colombo
 * 1987, equation A1; Fader & Hardie 2005, "A note on deriving the Pareto/NBD model"), which overflow at large x and leave
 * no digit when t_x is near T. Its integrand is positive and smooth: Gauss-Legendre in y = ln((m + u)/(m + t_x)), m the
 * lesser of alpha and beta, from which the nearest singularity is pi away, whatever the parameters. Slopes come from the
 * same nodes. -Infinity where T = t_x.
 */
export function logParetoIntegral(
  shape: number,
  alpha: number,
  s: number,
  beta: number,
  recency: number,
  exposure: number,
): LogIntegral {
  const fromAlpha = alpha + recency;
  const fromBeta = beta + recency;
  const least = Math.min(fromAlpha, fromBeta);
  // The integrand has fallen by exp(-NEGLIGIBLE) there, if it ever does.
  const reach = shape > 1 ? fromAlpha * Math.expm1(NEGLIGIBLE / (shape - 1)) : Number.POSITIVE_INFINITY;
  const span = Math.min(exposure - recency, reach);
  if (span <= 0) return nothing;
  const width = Math.log1p(span / least);
  const exponent = shape * Math.log1p(span / fromAlpha) + (s + 1) * Math.log1p(span / fromBeta);
  const panels = Math.ceil(Math.max(width / PANEL_WIDTH, exponent / PANEL_EXPONENT, 1));
  let sum = 0;
  let logAlphas = 0;
  let overAlphas = 0;
  let logBetas = 0;
  let overBetas = 0;
  for (let panel = 0; panel < panels; panel++) {
    for (let i = 0; i < nodes.length; i++) {
      const since = least * (Math.exp((width * (panel + nodes[i]!)) / panels) - 1);
      const atAlpha = fromAlpha + since;
      const atBeta = fromBeta + since;
      const logAlpha = Math.log(atAlpha / fromAlpha);
      const logBeta = Math.log(atBeta / fromBeta);
      const term = weights[i]! * (least + since) * Math.exp(-shape * logAlpha - (s + 1) * logBeta);
      sum += term;
      logAlphas += term * logAlpha;
      logBetas += term * logBeta;
      overAlphas += term / atAlpha;
      overBetas += term / atBeta;
    }
  }
  const startAlpha = Math.log(fromAlpha);
  const startBeta = Math.log(fromBeta);
  return {
    log: Math.log((sum * width) / panels) - shape * startAlpha - (s + 1) * startBeta,
    shape: -startAlpha - logAlphas / sum,
    alpha: (-shape * overAlphas) / sum,
    s: -startBeta - logBetas / sum,
    beta: (-(s + 1) * overBetas) / sum,
  };
}

const nothing: LogIntegral = { log: Number.NEGATIVE_INFINITY, shape: 0, alpha: 0, s: 0, beta: 0 };
