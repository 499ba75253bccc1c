/** The baseline B is the mean of weeks t-29 .. t-4 inside the history, 13 of them or more. */
const OLDEST_LAG_WEEKS = 29;
const NEWEST_LAG_WEEKS = 4;
const MIN_BASELINE_WEEKS = 13;
/** Monitoring begins this many weeks after the week of the first event. */
const MIN_AGE_WEEKS = 17;
/** Below this many events a week gaps say more than weekly counts: such clients belong to budgeted silence. */
const MIN_BASELINE = 0.5;
const RECENT_WEEKS = 13;
/** All of a year's events in one visit, or in three weeks, are no rhythm that could drop. */
const MIN_ACTIVE_WEEKS = 4;

/**
 * The baseline B[t] of every week in events a week; undefined while fewer than 13 weeks lie in its window. O(weeks).
 *
 * @param counts events by week from the week of the first event on
 */
export function dropBaselines(counts: readonly number[]): (number | undefined)[] {
  const before = new Float64Array(counts.length + 1);
  for (let t = 0; t < counts.length; t++) before[t + 1] = before[t]! + counts[t]!;
  return counts.map((_, t) => {
    const from = Math.max(0, t - OLDEST_LAG_WEEKS);
    const weeks = t - NEWEST_LAG_WEEKS + 1 - from;
    return weeks < MIN_BASELINE_WEEKS ? undefined : (before[from + weeks]! - before[from]!) / weeks;
  });
}

/**
 * Whether the drop detector watches the client in each week: 17 weeks or more after the first event, and B at 0.5 a
 * week or more, spread over four weeks or more, at some time in the last 13 weeks (so that a client that just fell silent is still watched). O(weeks).
 *
 * @param counts events by week from the week of the first event on
 * @param baselines as returned by dropBaselines
 */
export function monitoredByWeek(counts: readonly number[], baselines: readonly (number | undefined)[]): boolean[] {
  let lastEnough = Number.NEGATIVE_INFINITY;
  let activeWeeks = 0;
  return baselines.map((baseline, t) => {
    if (counts[t - NEWEST_LAG_WEEKS]! > 0) activeWeeks++;
    if (counts[t - OLDEST_LAG_WEEKS - 1]! > 0) activeWeeks--;
    if (baseline !== undefined && baseline >= MIN_BASELINE && activeWeeks >= MIN_ACTIVE_WEEKS) lastEnough = t;
    return t >= MIN_AGE_WEEKS && t - lastEnough < RECENT_WEEKS;
  });
}
