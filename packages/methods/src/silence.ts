import { advanceClock, type OpenInterval, uncoveredMs } from "./intervals.ts";
import { type GapLaw, gapLaw, gapLawAtTail, gapLawTail, type RegularityShare } from "./regularGaps.ts";
import type { GammaPrior } from "./silencePrior.ts";

/** A client's activity, as three aggregates that one query loads for thousands of clients. */
export interface SilenceHistory {
  /** Distinct calendar days with activity (of the kind that is watched), >= 1. */
  readonly activeDays: number;
  /** Time of the first event. */
  readonly firstActiveMs: number;
  /** Time of the last event: the silence clock starts here. */
  readonly lastActiveMs: number;
  /** Sum of ln(days between active days that follow each other). Without it gaps are taken to come at random. */
  readonly sumLogGapDays?: number;
}

/** The panel's prior, with how regular its clients are; without that all gaps are taken to come at random (k = 1). */
export interface SilencePrior extends GammaPrior {
  readonly regularity?: readonly RegularityShare[];
}

export interface SilenceSettings {
  /** Budget F of false alarms a client-year. */
  readonly falseAlarmsPerClientYear: number;
  /** Clients with fewer repeats (active days after the first) are not monitored. */
  readonly minRepeats: number;
}

export const defaultSilenceSettings: SilenceSettings = { falseAlarmsPerClientYear: 0.1, minRepeats: 3 };

export interface UnmonitoredSilence {
  readonly state: "unmonitored";
  readonly reason: "too_few_repeats";
  readonly repeats: number;
}

export interface MonitoredSilence {
  readonly state: "quiet_ok" | "silent";
  readonly repeats: number;
  /** Time at which silence is (or was) called; undefined while a broken source holds the clock for an unknown time. */
  readonly deadlineMs: number | undefined;
  /** Days since the last event. */
  readonly gapDays: number;
  /** gapDays without the days in which the data source was broken. */
  readonly effectiveGapDays: number;
  /** How regular the client is: the mean of k over its posterior; 1 is at random. */
  readonly regularity: number;
  /** The client's usual gap: k / posterior mean rate. */
  readonly expectedGapDays: number;
  /** Effective gap at which silence is called. */
  readonly criticalGapDays: number;
  /** P(a gap of this client is longer than the effective gap): how unusual it is. */
  readonly tailProbability: number;
  /** Silence is called when tailProbability falls to this. */
  readonly tailThreshold: number;
  /** effectiveGapDays / expectedGapDays: "three times the usual pause". */
  readonly timesExpected: number;
}

export type SilenceFinding = UnmonitoredSilence | MonitoredSilence;

/** Gamma posterior of a client's rate in events a day: shape r + x, rate a + t_x. */
export interface RatePosterior {
  readonly shape: number;
  readonly rateDays: number;
}

const MS_A_DAY = 86_400_000;
const DAYS_A_YEAR = 365.25;
/** A gap shorter than the client's median gap is never silence, however large the budget. */
const MAX_TAIL_THRESHOLD = 0.5;

/**
 * Posterior of the rate after `repeats` events in `spanDays` days, from the first event to the last (gamma-Poisson:
 * Greenwood & Yule 1920; Ehrenberg's NBD). Time after the last event is left out: it is what is being judged.
 *
 * @throws RangeError when an argument is negative or not finite, or the prior is not positive
 */
export function ratePosterior(prior: GammaPrior, repeats: number, spanDays: number): RatePosterior {
  if (!(prior.r > 0 && prior.alpha > 0 && Number.isFinite(prior.r) && Number.isFinite(prior.alpha))) {
    throw new RangeError(`prior must be positive and finite, got r ${prior.r}, alpha ${prior.alpha}`);
  }
  if (!(repeats >= 0 && Number.isFinite(repeats))) throw new RangeError(`repeats must be >= 0, got ${repeats}`);
  if (!(spanDays >= 0 && Number.isFinite(spanDays))) throw new RangeError(`span must be >= 0 days, got ${spanDays}`);
  return { shape: prior.r + repeats, rateDays: prior.alpha + spanDays };
}

/** P(gap > gapDays) = ((a + t_x) / (a + t_x + g))^(r + x): the Lomax tail, the rate integrated out. */
export function gapTail(posterior: RatePosterior, gapDays: number): number {
  return Math.exp(-posterior.shape * Math.log1p(gapDays / posterior.rateDays));
}

/** The gap in days whose tail is `probability` (0 < p <= 1): the inverse of gapTail. */
export function gapAtTail(posterior: RatePosterior, probability: number): number {
  if (!(probability > 0 && probability <= 1)) throw new RangeError(`probability must be in (0, 1], got ${probability}`);
  return posterior.rateDays * Math.expm1(-Math.log(probability) / posterior.shape);
}

/**
 * Tail at which silence is called: F / (the client's gaps a year), so that busy clients, with many chances to be
 * flagged, are each time flagged less easily. At most 0.5.
 *
 * @throws RangeError when the budget is not > 0
 */
export function silenceTailThreshold(posterior: RatePosterior, falseAlarmsPerClientYear: number): number {
  if (!(falseAlarmsPerClientYear > 0)) {
    throw new RangeError(`the budget of false alarms must be > 0, got ${falseAlarmsPerClientYear}`);
  }
  const gapsAYear = (DAYS_A_YEAR * posterior.shape) / posterior.rateDays;
  return Math.min(MAX_TAIL_THRESHOLD, falseAlarmsPerClientYear / gapsAYear);
}

/**
 * The time at which a client's silence is to be called, so that nobody needs to poll: the last event plus the critical
 * gap, on a clock that stands still in `absences`. O(absences).
 *
 * @returns undefined when the client is not monitored, or while an absence without an end holds the clock
 * @throws RangeError as detectSilence
 */
export function silenceDeadline(
  history: SilenceHistory,
  prior: SilencePrior,
  settings: SilenceSettings,
  absences: readonly OpenInterval[] = [],
): number | undefined {
  const law = monitoredLaw(history, prior, settings);
  if (law === undefined) return undefined;
  const threshold = tailThresholdOf(law, settings.falseAlarmsPerClientYear);
  return deadlineOf(absences, history.lastActiveMs, gapLawAtTail(law, threshold));
}

/**
 * Has a client been silent for longer than its own rhythm and the budget of false alarms allow? O(absences).
 *
 * `absences` are times in which the source of the client's events was broken (findOutages returns them in this shape)
 * or the client was known to be away; the silence clock stands still in them, also in those that began after the
 * deadline had passed: what was called silent stays silent.
 *
 * @throws RangeError when activeDays is not an integer >= 1, a time is not finite, the last event lies before the
 *   first, the budget is not > 0 or minRepeats is not >= 0
 */
export function detectSilence(
  history: SilenceHistory,
  prior: SilencePrior,
  settings: SilenceSettings,
  nowMs: number,
  absences: readonly OpenInterval[] = [],
): SilenceFinding {
  if (!Number.isFinite(nowMs)) throw new RangeError(`nowMs must be finite, got ${nowMs}`);
  const repeats = history.activeDays - 1;
  const law = monitoredLaw(history, prior, settings);
  if (law === undefined) return { state: "unmonitored", reason: "too_few_repeats", repeats };

  const tailThreshold = tailThresholdOf(law, settings.falseAlarmsPerClientYear);
  const criticalGapDays = gapLawAtTail(law, tailThreshold);
  const deadlineMs = deadlineOf(absences, history.lastActiveMs, criticalGapDays);
  const effectiveGapDays = uncoveredMs(absences, history.lastActiveMs, nowMs) / MS_A_DAY;
  const { expectedGapDays } = law;
  return {
    // By the deadline, not the tail: at the very millisecond of the deadline both must say the same.
    state: deadlineMs !== undefined && nowMs >= deadlineMs ? "silent" : "quiet_ok",
    repeats,
    deadlineMs,
    gapDays: Math.max(0, nowMs - history.lastActiveMs) / MS_A_DAY,
    effectiveGapDays,
    regularity: law.parts.reduce((sum, { k, weight }) => sum + k * weight, 0),
    expectedGapDays,
    criticalGapDays,
    tailProbability: gapLawTail(law, effectiveGapDays),
    tailThreshold,
    timesExpected: effectiveGapDays / expectedGapDays,
  };
}

/** The budget over the gaps a year, as silenceTailThreshold, for a law of gaps. @throws RangeError as it */
export function tailThresholdOf({ expectedGapDays }: GapLaw, falseAlarmsPerClientYear: number): number {
  return silenceTailThreshold({ shape: 1, rateDays: expectedGapDays }, falseAlarmsPerClientYear);
}

/** Whole milliseconds, rounded up: the gap is never shorter than the critical one. */
function deadlineOf(absences: readonly OpenInterval[], lastActiveMs: number, gapDays: number): number | undefined {
  const deadlineMs = advanceClock(absences, lastActiveMs, gapDays * MS_A_DAY);
  return deadlineMs === undefined ? undefined : Math.ceil(deadlineMs);
}

function monitoredLaw(history: SilenceHistory, prior: SilencePrior, settings: SilenceSettings): GapLaw | undefined {
  const { activeDays, firstActiveMs, lastActiveMs, sumLogGapDays } = history;
  if (!(Number.isInteger(activeDays) && activeDays >= 1)) {
    throw new RangeError(`activeDays must be an integer >= 1, got ${activeDays}`);
  }
  if (!(Number.isFinite(firstActiveMs) && Number.isFinite(lastActiveMs) && lastActiveMs >= firstActiveMs)) {
    throw new RangeError(`last activity (${lastActiveMs}) must not lie before the first (${firstActiveMs})`);
  }
  if (!(settings.minRepeats >= 0)) throw new RangeError(`minRepeats must be >= 0, got ${settings.minRepeats}`);
  const repeats = activeDays - 1;
  if (repeats < settings.minRepeats) return undefined;
  const spanDays = (lastActiveMs - firstActiveMs) / MS_A_DAY;
  if (prior.regularity !== undefined && sumLogGapDays !== undefined) {
    return gapLaw(prior, prior.regularity, { repeats, spanDays, sumLogGapDays });
  }
  const { shape, rateDays } = ratePosterior(prior, repeats, spanDays);
  return { parts: [{ k: 1, weight: 1, shape, rateDays }], expectedGapDays: rateDays / shape };
}
