/** "new_level": 26 weeks passed, what was low is now normal (to be said in the text). */
export type DropCloseReason = "recovered" | "new_level";

/** What the rules of an episode need of a client: a number each week, and whether anybody looks at it. */
export interface ScoredWeeks {
  readonly counts: readonly number[];
  /** The number that is compared with the threshold; undefined in weeks that say nothing. */
  readonly scores: readonly (number | undefined)[];
  /** Level in events a week that recovery is measured against. */
  readonly baselines: readonly (number | undefined)[];
  readonly monitored: readonly boolean[];
}

/** One episode: from the alarm to its end. */
export interface TrackedEpisode {
  readonly openedWeek: number;
  /** Last scored week of it, its closing week included. */
  readonly latestWeek: number;
  readonly closedWeek: number | undefined;
  readonly closeReason: DropCloseReason | undefined;
}

const MAX_EPISODE_WEEKS = 26;
const RECOVERY_WEEKS = 4;
const RECOVERED_SHARE = 0.7;

/**
 * The rules of an episode, whatever the detector: opens when monitored, armed and the score reaches the threshold;
 * closes when the last 4 weeks average 70 % of the baseline at the alarm, or after 26 weeks; re-arms when the score is
 * below half the threshold. One at a time. O(weeks).
 *
 * @throws RangeError when the threshold is not > 0
 */
export function trackEpisodes(
  weeks: ScoredWeeks,
  threshold: number,
): { episodes: TrackedEpisode[]; armed: boolean; latestWeek: number | undefined } {
  if (!(threshold > 0)) throw new RangeError(`threshold must be > 0, got ${threshold}`);
  const { counts, scores, baselines, monitored } = weeks;
  const episodes: TrackedEpisode[] = [];
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
        episodes.push({ openedWeek, latestWeek, closedWeek: week, closeReason });
        openedWeek = undefined;
      }
    } else if (armed && monitored[week]! && score >= threshold) {
      armed = false;
      openedWeek = week;
    }
    if (score < threshold / 2) armed = true;
  }
  if (openedWeek !== undefined) {
    episodes.push({ openedWeek, latestWeek: latestWeek!, closedWeek: undefined, closeReason: undefined });
  }
  return { episodes, armed, latestWeek };
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
