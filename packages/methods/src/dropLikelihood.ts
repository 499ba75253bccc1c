const INTERCEPT = 0.13;
const DEPTH_SLOPE = 0.61;
const RATIO_OFFSET = 0.05;
/** How much outcomes must speak before delta moves away from 0 (a ridge penalty on delta). */
const SHIFT_PENALTY = 2.5;

/** Alarms to be resolved before P is shown as a number; until then show a rank, or "11 of the last 20 proved real". */
export const RESOLVED_ALARMS_FOR_PROBABILITY = 30;

/** An alarm whose outcome is known (13 weeks old or older, see judgeAlarm). */
export interface ResolvedDropAlarm {
  /** levelNow / levelBefore at the alarm. */
  readonly ratio: number;
  readonly real: boolean;
}

/**
 * How likely a drop alarm is real, from how deep it is: P = sigmoid(0.13 + delta - 0.61 ln(r + 0.05)). The score s adds
 * nothing once the alarm is raised. Calibrated on the study's untouched lists; 10 to 20 points too high on its mail
 * network, hence delta, and hence ranks before some 30 alarms are resolved.
 *
 * @param ratio r of the evidence, >= 0
 * @param delta shift fitted by fitLikelihoodShift; 0 to start with
 * @throws RangeError when ratio is negative or an argument is not finite
 */
export function dropLikelihood(ratio: number, delta = 0): number {
  if (!(ratio >= 0 && Number.isFinite(ratio))) throw new RangeError(`ratio must be finite and >= 0, got ${ratio}`);
  if (!Number.isFinite(delta)) throw new RangeError(`delta must be finite, got ${delta}`);
  return 1 / (1 + Math.exp(-(INTERCEPT + delta - DEPTH_SLOPE * Math.log(ratio + RATIO_OFFSET))));
}

/**
 * Refits delta on resolved alarms: the root of sum(outcome - P) = 2.5 delta, by Newton. 0 without alarms.
 * The left side falls and the right side rises with delta, so there is one root; steps are capped at 1 for safety.
 */
export function fitLikelihoodShift(alarms: readonly ResolvedDropAlarm[]): number {
  let delta = 0;
  for (let iteration = 0; iteration < 200; iteration++) {
    let excess = -SHIFT_PENALTY * delta;
    let slope = SHIFT_PENALTY;
    for (const alarm of alarms) {
      const p = dropLikelihood(alarm.ratio, delta);
      excess += (alarm.real ? 1 : 0) - p;
      slope += p * (1 - p);
    }
    const step = Math.max(-1, Math.min(1, excess / slope));
    delta += step;
    if (Math.abs(step) < 1e-10) break;
  }
  return delta;
}
