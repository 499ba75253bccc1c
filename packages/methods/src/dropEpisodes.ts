import { dropBaselines, monitoredByWeek } from "./dropBaseline.ts";
import { createDropState, type DropPreset, type DropScore, dropPresets, stepDropScore } from "./dropScore.ts";
import { dropThreshold } from "./dropThreshold.ts";
import { type DropCloseReason, type TrackedEpisode, trackEpisodes } from "./episodeTracker.ts";

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
  /** Scores of all weeks; undefined in skipped weeks and while history is short. */
  readonly scores: readonly (DropScore | undefined)[];
  /** Score of the last week that had one, which need not be the last week: skipped weeks have none. */
  readonly score: DropEvidence | undefined;
}

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
  return { counts, factors, scores, baselines, monitored: monitoredByWeek(counts, baselines) };
}

/**
 * The episode rules alone, on weeks already scored: many thresholds can be tried on one replay. O(weeks).
 *
 * @throws RangeError when the threshold is not > 0
 */
export function trackDropEpisodes(weeks: DropWeeks, threshold: number): DropHistory {
  const { counts, baselines, monitored } = weeks;
  const scores = weeks.scores.map((score) => score?.alarmScore);
  const tracked = trackEpisodes({ counts, scores, baselines, monitored }, threshold);
  const episodes = tracked.episodes.map((episode) => withEvidence(weeks, episode));
  const last = episodes.at(-1);
  return {
    episodes,
    openEpisode: last?.closedWeek === undefined ? last : undefined,
    monitored: monitored.at(-1) ?? false,
    monitoredByWeek: monitored,
    armed: tracked.armed,
    scores: weeks.scores,
    baseline: baselines.at(-1),
    score: tracked.latestWeek === undefined ? undefined : evidenceOf(weeks, tracked.latestWeek),
  };
}

function withEvidence(
  weeks: DropWeeks,
  { openedWeek, closedWeek, closeReason, latestWeek }: TrackedEpisode,
): DropEpisode {
  return {
    openedWeek,
    closedWeek,
    closeReason,
    baselineAtOpening: weeks.baselines[openedWeek]!,
    opening: evidenceOf(weeks, openedWeek),
    latest: evidenceOf(weeks, latestWeek),
  };
}

function evidenceOf(weeks: DropWeeks, week: number): DropEvidence {
  return { ...weeks.scores[week]!, week };
}
