import { trackEpisodes } from "../episodeTracker.ts";
import { advanceClock } from "../intervals.ts";
import type { GapRule } from "../rivals/gapRule.ts";
import type { WeeklyRule } from "../rivals/weeklyRule.ts";
import type { SilencePrior } from "../silence.ts";
import type { Group, ReplayClient, ReplayPanel } from "./panel.ts";

/** An alert that a rule would have sent about a client, and when it was over. */
export interface Opening {
  /** When it would have been sent. */
  readonly atMs: number;
  /** Week of the alarm, from the week of the client's first event: what verdicts count from. */
  readonly week: number;
  /** Undefined while it is open at the end of history. */
  readonly closedMs: number | undefined;
}

/** Either kind of rule, asked the same question. */
export interface ReplayRule {
  readonly key: string;
  readonly title: string;
  readonly thresholds: readonly number[];
  /** A client's alerts at any of the thresholds; what they share is worked out once. */
  openings(client: ReplayClient, group: Group, panel: ReplayPanel): (threshold: number) => Opening[];
}

const dayMs = 86_400_000;
const MIN_REPEATS = 3;

/** A weekly rule looks when a week is complete: its alarm is sent as the next one begins. */
export function replayWeekly(rule: WeeklyRule): ReplayRule {
  return {
    ...rule,
    openings: (client, group, { clock }) => {
      const { counts, factors, spreadFactors, firstWeek } = client;
      const weeks = { counts, monitored: client.watched[group], baselines: client.levels[group] };
      const anyBroken = factors.includes(0);
      const scoresAt = (threshold: number) => {
        const scores = rule.score(counts, factors, threshold, spreadFactors);
        // A week that is broken says nothing to any rule.
        return anyBroken ? scores.map((score, week) => (factors[week] === 0 ? undefined : score)) : scores;
      };
      const shared = rule.usesThreshold ? undefined : scoresAt(rule.thresholds[0]!);
      const endOf = (week: number): number => clock.startMs(firstWeek + week + 1);
      let quietFrom = Number.POSITIVE_INFINITY;
      return (threshold) => {
        if (threshold > quietFrom) return [];
        const scores = shared ?? scoresAt(threshold);
        // Nothing is held below half a threshold: above twice the highest number all thresholds see the same, and no alarm.
        const highest = scores.reduce<number>((most, score) => Math.max(most, score ?? 0), 0);
        if (highest < threshold / 2) quietFrom = threshold;
        if (highest < threshold) return [];
        return trackEpisodes({ ...weeks, scores }, threshold).episodes.map(({ openedWeek, closedWeek }) => ({
          atMs: pastOutages(client, endOf(openedWeek)),
          week: openedWeek,
          closedMs: closedWeek === undefined ? undefined : endOf(closedWeek),
        }));
      };
    },
  };
}

/** A pause of a client that is long enough for some threshold. */
interface LongGap {
  readonly lastMs: number;
  readonly closedMs: number | undefined;
  criticalMs(threshold: number): number;
  /** The strictest threshold at which it alarms. */
  readonly score: number;
}

/** A gap rule alarms at its deadline, which it knows at the last event; the next event ends it. */
export function replayGaps(rule: GapRule<SilencePrior>): ReplayRule {
  return {
    ...rule,
    openings: (client, group, panel) => {
      const { absences, firstWeek } = client;
      const gaps = longGaps(rule, client, group, panel);
      return (threshold) =>
        gaps.flatMap(({ lastMs, closedMs, criticalMs, score }) => {
          if (score < threshold) return [];
          const atMs = advanceClock(absences, lastMs, criticalMs(threshold));
          if (atMs === undefined || atMs >= (closedMs ?? panel.untilMs)) return [];
          const week = panel.clock.weekOf(atMs) - firstWeek;
          return client.watched[group][week] ? [{ atMs: Math.ceil(atMs), week, closedMs }] : [];
        });
    },
  };
}

/** Most gaps are too short for any threshold: a look at each, and not one for each threshold. */
function longGaps(rule: GapRule<SilencePrior>, client: ReplayClient, group: Group, panel: ReplayPanel): LongGap[] {
  const { events, firstWeek } = client;
  const watched = client.watched[group];
  const gaps: LongGap[] = [];
  const { days, firstMs, lastMs } = events;
  let sumLogGapDays = 0;
  for (let last = 1; last < days.length; last++) {
    sumLogGapDays += Math.log(days[last]! - days[last - 1]!);
    if (last < MIN_REPEATS) continue;
    const closedMs = firstMs[last + 1];
    const lastWeek = panel.clock.weekOf(closedMs ?? panel.untilMs) - firstWeek;
    const nextWatched = watched.indexOf(true, panel.clock.weekOf(lastMs[last]!) - firstWeek);
    if (nextWatched < 0 || nextWatched > lastWeek) continue;
    const gapDays = ((closedMs ?? panel.untilMs) - lastMs[last]!) / dayMs;
    const soFar = { repeats: last, spanDays: (lastMs[last]! - firstMs[0]!) / dayMs, sumLogGapDays };
    const prior = panel.priorAt(lastMs[last]!);
    const score = gapDays > 0 ? rule.score(soFar, gapDays, prior) : 0;
    if (score < rule.thresholds[0]!) continue;
    const criticalMs = (threshold: number): number => rule.criticalGapDays(soFar, threshold, prior) * dayMs;
    gaps.push({ lastMs: lastMs[last]!, closedMs, criticalMs, score });
  }
  return gaps;
}

/** While its source is broken nothing is sent about a client: the alert waits for the end. */
function pastOutages(client: ReplayClient, ms: number): number {
  return client.absences.length === 0 ? ms : (advanceClock(client.absences, ms, 0) ?? Number.POSITIVE_INFINITY);
}
