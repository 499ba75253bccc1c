import { GapRanks } from "./gapRanks.ts";
import type { OpenInterval } from "./intervals.ts";

export interface OutageSettings {
  /** No gap shorter than this many silent hours is an outage. */
  readonly minGapHours: number;
  /** Which of the source's own gaps is taken as its longest usual one. */
  readonly quantile: number;
  /** How far beyond that a gap must go. */
  readonly factor: number;
  /** Gaps that ended in the trailing weeks are compared with. */
  readonly referenceWeeks: number;
  /** Nothing is judged before the source is this old. */
  readonly minHistoryDays: number;
  /** Nor with fewer gaps to compare with. */
  readonly minReferenceGaps: number;
  /** What came this often in the trailing rhythmWeeks is rhythm: it counts as usual, even if it was called an outage. */
  readonly rhythmGaps: number;
  readonly rhythmWeeks: number;
}

/**
 * Why these: a week has 168 hours, so whatever happens once a week (a weekend, a closed Sunday, a weekly pause) is more
 * than 0.5 % of a source's gaps and lies inside the 99.5 % quantile. Where gaps have an exponential tail, twice that
 * quantile is its square: one gap in 40,000. Earlier outages are left out of the comparison, which alone would make a
 * source that begins to close on Sundays broken on every Sunday to come: hence the rhythm rule.
 */
export const defaultOutageSettings: OutageSettings = {
  minGapHours: 6,
  quantile: 0.995,
  factor: 2,
  referenceWeeks: 26,
  minHistoryDays: 14,
  minReferenceGaps: 20,
  rhythmGaps: 3,
  rhythmWeeks: 4,
};

/** A stretch without a single event, far beyond the source's own gaps. */
export interface Outage extends OpenInterval {
  /** Silent hours: up to the return, or up to now. */
  readonly gapHours: number;
  /** What the gap was compared with. */
  readonly thresholdHours: number;
}

/** The gap that is open now. */
export interface OpenGap {
  /** End of the last hour with events. */
  readonly startMs: number;
  readonly gapHours: number;
  /** "unjudged": too little history; "unusual": longer than the longest usual one, but not yet an outage. */
  readonly state: "unjudged" | "usual" | "unusual" | "outage";
  /** Undefined when unjudged. */
  readonly thresholdHours: number | undefined;
  /** Time at which the gap is (or was) called an outage unless an event comes; undefined when unjudged. */
  readonly deadlineMs: number | undefined;
}

export interface SourceContinuity {
  /** Oldest first; the last has endMs undefined while it goes on. */
  readonly outages: readonly Outage[];
  /** Undefined for a source that never sent anything. */
  readonly openGap: OpenGap | undefined;
}

const MS_AN_HOUR = 3_600_000;
const HOURS_A_DAY = 24;
const HOURS_A_WEEK = 168;

/**
 * When was a source (a sender of events, for all clients together) broken? A gap is an outage when its silent hours
 * exceed max(6 h, 2 * the 99.5 % quantile of the source's earlier gaps of the trailing 26 weeks); outages are left out
 * of that reference, nights and weekends are in it. What came three times in four weeks is taken for rhythm.
 *
 * O(n log h) for n active hours, h the hours of the reference window (4,368), plus a look at four weeks for each gap
 * beyond its threshold: a few milliseconds for 26 weeks.
 *
 * @param activeHours hours with at least one event, as hours since 1970 (floor(ms / 3600000)), ascending, distinct
 * @param nowMs up to when the source's silence is known; hand in the time up to which its events are surely stored
 * @throws RangeError when hours are not ascending integers, or nowMs lies before the last active hour
 */
export function findOutages(
  activeHours: readonly number[],
  nowMs: number,
  settings: OutageSettings = defaultOutageSettings,
): SourceContinuity {
  checkInput(activeHours, nowMs);
  const firstHour = activeHours[0];
  if (firstHour === undefined) return { outages: [], openGap: undefined };

  const reference = new GapReference(firstHour, settings);
  const outages: Outage[] = [];
  for (let i = 1; i < activeHours.length; i++) {
    const startHour = activeHours[i - 1]! + 1;
    const endHour = activeHours[i]!;
    const gapHours = endHour - startHour;
    const usualGap = reference.usualGapBefore(startHour);
    // The rhythm costs a look at four weeks: only for the few gaps that the quantile alone would call outages.
    const suspect = usualGap !== undefined && gapHours > outageThreshold(usualGap, settings);
    const thresholdHours = suspect
      ? outageThreshold(Math.max(usualGap, rhythmicGapBefore(activeHours, i - 1, settings)), settings)
      : Number.POSITIVE_INFINITY;
    if (gapHours > thresholdHours) {
      outages.push({ startMs: startHour * MS_AN_HOUR, endMs: endHour * MS_AN_HOUR, gapHours, thresholdHours });
    } else {
      reference.add(gapHours, endHour);
    }
  }

  const last = activeHours.length - 1;
  const lastStartHour = activeHours[last]! + 1;
  const usualGap = reference.usualGapBefore(lastStartHour);
  const openGap = describeOpenGap(
    lastStartHour,
    nowMs,
    usualGap === undefined ? undefined : Math.max(usualGap, rhythmicGapBefore(activeHours, last, settings)),
    settings,
  );
  if (openGap.state === "outage") {
    const { startMs, gapHours, thresholdHours } = openGap;
    outages.push({ startMs, endMs: undefined, gapHours, thresholdHours: thresholdHours! });
  }
  return { outages, openGap };
}

/** The gaps of the trailing weeks that a new gap is compared with, outages left out. */
class GapReference {
  readonly #firstHour: number;
  readonly #settings: OutageSettings;
  readonly #windowHours: number;
  readonly #ranks: GapRanks;
  readonly #gaps: { gapHours: number; endHour: number }[] = [];
  #oldest = 0;

  constructor(firstHour: number, settings: OutageSettings) {
    this.#firstHour = firstHour;
    this.#settings = settings;
    this.#windowHours = settings.referenceWeeks * HOURS_A_WEEK;
    this.#ranks = new GapRanks(this.#windowHours);
  }

  add(gapHours: number, endHour: number): void {
    this.#ranks.add(gapHours);
    this.#gaps.push({ gapHours, endHour });
  }

  /** The longest usual gap as known at the start of a gap; undefined while there is too little to go by. */
  usualGapBefore(startHour: number): number | undefined {
    while (this.#oldest < this.#gaps.length && this.#gaps[this.#oldest]!.endHour < startHour - this.#windowHours) {
      this.#ranks.remove(this.#gaps[this.#oldest++]!.gapHours);
    }
    const { minHistoryDays, minReferenceGaps, quantile } = this.#settings;
    const gaps = this.#ranks.size;
    if (startHour - this.#firstHour < minHistoryDays * HOURS_A_DAY || gaps < minReferenceGaps) return undefined;
    // One rank up: late in a week the reference holds that week's short gaps but not yet its long one.
    return this.#ranks.atRank(Math.min(gaps, Math.ceil(quantile * gaps) + 1));
  }
}

/** The gap that the source reached rhythmGaps times in the trailing rhythmWeeks, outages included. */
function rhythmicGapBefore(activeHours: readonly number[], last: number, settings: OutageSettings): number {
  const longest: number[] = Array(settings.rhythmGaps).fill(0);
  const sinceHour = activeHours[last]! + 1 - settings.rhythmWeeks * HOURS_A_WEEK;
  for (let i = last; i > 0 && activeHours[i]! >= sinceHour; i--) {
    longest.push(activeHours[i]! - activeHours[i - 1]! - 1);
    longest.sort((a, b) => b - a).pop();
  }
  return longest.at(-1) ?? 0;
}

function describeOpenGap(
  startHour: number,
  nowMs: number,
  usualGap: number | undefined,
  settings: OutageSettings,
): OpenGap {
  const startMs = startHour * MS_AN_HOUR;
  // Inside the last active hour the gap has not begun.
  const gapHours = Math.max(0, nowMs - startMs) / MS_AN_HOUR;
  if (usualGap === undefined) {
    return { startMs, gapHours, state: "unjudged", thresholdHours: undefined, deadlineMs: undefined };
  }
  const thresholdHours = outageThreshold(usualGap, settings);
  const state = gapHours > thresholdHours ? "outage" : gapHours > usualGap ? "unusual" : "usual";
  // A gap must exceed its threshold: the first millisecond after it.
  return { startMs, gapHours, state, thresholdHours, deadlineMs: startMs + thresholdHours * MS_AN_HOUR + 1 };
}

function outageThreshold(usualGap: number, settings: OutageSettings): number {
  return Math.max(settings.minGapHours, settings.factor * usualGap);
}

function checkInput(activeHours: readonly number[], nowMs: number): void {
  for (let i = 0; i < activeHours.length; i++) {
    if (!Number.isInteger(activeHours[i])) throw new RangeError(`active hour must be an integer: ${activeHours[i]}`);
    if (i > 0 && activeHours[i]! <= activeHours[i - 1]!) {
      throw new RangeError(`active hours must ascend: ${activeHours[i - 1]}, ${activeHours[i]}`);
    }
  }
  const last = activeHours.at(-1);
  if (!Number.isFinite(nowMs) || (last !== undefined && nowMs < last * MS_AN_HOUR)) {
    throw new RangeError(`nowMs (${nowMs}) must not lie before the last active hour (${last})`);
  }
}
