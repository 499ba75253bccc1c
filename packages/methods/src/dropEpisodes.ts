import { dropBaselines, monitoredByWeek } from "./dropBaseline.ts";
import { createDropState, type DropPreset, type DropScore, dropPresets, stepDropScore } from "./dropScore.ts";
import { dropThreshold } from "./dropThreshold.ts";

export interface DropSettings {
  readonly preset: DropPreset;
  /** An armed client's episode opens at s / c of this or more; > 0. */
  readonly threshold: number;
  /** c of each week, index 0 the week of the first event; 1 where absent. For the steady preset. */
  readonly spreadFactors?: readonly number[];
}

/** The score of one week with its place in the client's history. */
export interface DropEvidence extends DropScore {
  /** Weeks after the week of the first event (index into counts). */
  readonly week: number;
}

export type DropCloseReason = "recovered" | "new_level";

/** One drop, from the alarm to its end. Weeks count from the week of the first event. */
export interface DropEpisode {
  readonly openedWeek: number;
  /** Undefined while the episode is open. */
  readonly closedWeek: number | undefined;
  /** "new_level": 26 weeks passed, what was low is now normal (to be said in the text). */
  readonly closeReason: DropCloseReason | undefined;
  /** B at the alarm, events a week: what recovery is measured against. */
  readonly baselineAtOpening: number;
  readonly opening: DropEvidence;
  /** Evidence of the last scored week of the episode, its closing week included. */
  readonly latest: DropEvidence;
}

/** All that the drop detector says about one client, up to its last complete week. */
export interface DropHistory {
  /** Every episode of the history, oldest first; only the last can be open. */
  readonly episodes: readonly DropEpisode[];
  readonly openEpisode: DropEpisode | undefined;
  /** Whether the client is watched in the last week. */
  readonly monitored: boolean;
  /** The same for every week (what false alarms are counted against). */
  readonly monitoredByWeek: readonly boolean[];
  /** Whether the next crossing would open an episode. */
  readonly armed: boolean;
  /** B of the last week. */
  readonly baseline: number | undefined;
  /** Score of the last week that had one, which need not be the last week: skipped weeks have none. */
  readonly score: DropEvidence | undefined;
}

const MAX_EPISODE_WEEKS = 26;
const RECOVERY_WEEKS = 4;
const RECOVERED_SHARE = 0.7;

/** Settings for a budget of false alarms a client-year (0.1 strict, 0.5 eager), with the table's threshold. */
export function dropSettings(falseAlarmsPerClientYear: number, preset: DropPreset = dropPresets.fast): DropSettings {
  return { preset, threshold: dropThreshold(falseAlarmsPerClientYear, preset) };
}

/**
 * Replays one client's history and returns all its episodes and where it stands now. O(weeks).
 *
 * Opens when monitored, armed and s / c >= threshold; closes when the last 4 weeks average 70 % of the baseline at the
 * alarm, or after 26 weeks; re-arms when s / c < half the threshold. One episode at a time: while one is open, and in
 * the week that closes it, none opens. Weeks with f < 0.2 raise and close nothing.
 *
 * @param counts events by week from the week of the first event on, complete weeks only, empty weeks included
 * @param factors peer factor of the same weeks, or 0 where the client's absence is known (holiday, out of office)
 * @throws RangeError when lengths differ, a count or factor is negative, or the threshold is not > 0
 */
export function dropEpisodes(
  counts: readonly number[],
  factors: readonly number[],
  settings: DropSettings,
): DropHistory {
  return trackDropEpisodes(replayDropWeeks(counts, factors, settings), settings.threshold);
}

/** A client's history with everything made from it that no threshold changes. Arrays by week, equally long. */
export interface DropWeeks {
  readonly counts: readonly number[];
  readonly factors: readonly number[];
  /** Undefined in skipped weeks and while history is short. */
  readonly scores: readonly (DropScore | undefined)[];
  readonly baselines: readonly (number | undefined)[];
  readonly monitored: readonly boolean[];
}

/**
 * Scores every week of a client's history. O(weeks).
 *
 * @throws RangeError as dropEpisodes
 */
export function replayDropWeeks(
  counts: readonly number[],
  factors: readonly number[],
  settings: Pick<DropSettings, "preset" | "spreadFactors">,
): DropWeeks {
  if (factors.length !== counts.length) {
    throw new RangeError(`${counts.length} weeks of counts need as many factors, got ${factors.length}`);
  }
  const state = createDropState();
  const scores = counts.map((count, week) =>
    stepDropScore(state, count, factors[week]!, settings.preset, settings.spreadFactors?.[week] ?? 1),
  );
  const baselines = dropBaselines(counts);
  return { counts, factors, scores, baselines, monitored: monitoredByWeek(baselines) };
}

/**
 * The episode rules alone, on weeks already scored: many thresholds can be tried on one replay. O(weeks).
 *
 * @throws RangeError when the threshold is not > 0
 */
export function trackDropEpisodes(weeks: DropWeeks, threshold: number): DropHistory {
  if (!(threshold > 0)) throw new RangeError(`threshold must be > 0, got ${threshold}`);
  const { counts, scores, baselines, monitored } = weeks;
  const episodes: DropEpisode[] = [];
  let openedWeek: number | undefined;
  let latestWeek: number | undefined;
  let armed = true;

  for (let week = 0; week < counts.length; week++) {
    const score = scores[week];
    if (score === undefined) continue;
    latestWeek = week;
    if (openedWeek !== undefined) {
      const closeReason = closingReason(counts, week, openedWeek, baselines[openedWeek]!);
      if (closeReason !== undefined) {
        episodes.push(episode(weeks, openedWeek, week, closeReason));
        openedWeek = undefined;
      }
    } else if (armed && monitored[week]! && score.alarmScore >= threshold) {
      armed = false;
      openedWeek = week;
    }
    if (score.alarmScore < threshold / 2) armed = true;
  }

  const openEpisode = openedWeek === undefined ? undefined : episode(weeks, openedWeek, latestWeek!, undefined);
  if (openEpisode !== undefined) episodes.push(openEpisode);
  return {
    episodes,
    openEpisode,
    monitored: monitored.at(-1) ?? false,
    monitoredByWeek: monitored,
    armed,
    baseline: baselines.at(-1),
    score: latestWeek === undefined ? undefined : evidenceOf(weeks, latestWeek),
  };
}

function episode(
  weeks: DropWeeks,
  openedWeek: number,
  latestWeek: number,
  closeReason: DropCloseReason | undefined,
): DropEpisode {
  return {
    openedWeek,
    closedWeek: closeReason === undefined ? undefined : latestWeek,
    closeReason,
    baselineAtOpening: weeks.baselines[openedWeek]!,
    opening: evidenceOf(weeks, openedWeek),
    latest: evidenceOf(weeks, latestWeek),
  };
}

function evidenceOf(weeks: DropWeeks, week: number): DropEvidence {
  return { ...weeks.scores[week]!, week };
}

function closingReason(
  counts: readonly number[],
  week: number,
  openedWeek: number,
  baselineAtOpening: number,
): DropCloseReason | undefined {
  let sum = 0;
  for (let t = week - RECOVERY_WEEKS + 1; t <= week; t++) sum += counts[t]!;
  if (sum / RECOVERY_WEEKS >= RECOVERED_SHARE * baselineAtOpening) return "recovered";
  return week - openedWeek >= MAX_EPISODE_WEEKS ? "new_level" : undefined;
}
