import { trackEpisodes } from "../episodeTracker.ts";
import { advanceClock } from "../intervals.ts";
import type { GapRule } from "../rivals/gapRule.ts";
import type { WeeklyRule } from "../rivals/weeklyRule.ts";
import type { GammaPrior } from "../silencePrior.ts";
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
      return (threshold) =>
        trackEpisodes({ ...weeks, scores: shared ?? scoresAt(threshold) }, threshold).episodes.map(
          ({ openedWeek, closedWeek }) => ({
            atMs: pastOutages(client, endOf(openedWeek)),
            week: openedWeek,
            closedMs: closedWeek === undefined ? undefined : endOf(closedWeek),
          }),
        );
    },
  };
}

/** A pause of a client that is long enough for some threshold. */
interface LongGap {
  readonly last: number;
  readonly closedMs: number | undefined;
  readonly endMs: number;
  criticalMs(threshold: number): number;
  /** The strictest of the rule's thresholds at which it alarms. */
  readonly strictest: number;
}

/** A gap rule alarms at its deadline, which it knows at the last event; the next event ends it. */
export function replayGaps(rule: GapRule<GammaPrior>): ReplayRule {
  return {
    ...rule,
    openings: (client, group, panel) => {
      const { events, absences, firstWeek } = client;
      const gaps = longGaps(rule, client, panel);
      return (threshold) =>
        gaps.flatMap(({ last, closedMs, endMs, criticalMs, strictest }) => {
          if (strictest < threshold) return [];
          const atMs = advanceClock(absences, events.lastMs[last]!, criticalMs(threshold));
          if (atMs === undefined || atMs >= endMs) return [];
          const week = panel.clock.weekOf(atMs) - firstWeek;
          return client.watched[group][week] ? [{ atMs: Math.ceil(atMs), week, closedMs }] : [];
        });
    },
  };
}

/** Most gaps are too short for any threshold, and critical gaps grow with the threshold: seven looks a gap, not ninety. */
function longGaps(rule: GapRule<GammaPrior>, { events }: ReplayClient, panel: ReplayPanel): LongGap[] {
  const gaps: LongGap[] = [];
  for (let last = MIN_REPEATS; last < events.days.length; last++) {
    const lastMs = events.lastMs[last]!;
    const closedMs = events.firstMs[last + 1];
    const endMs = closedMs ?? panel.untilMs;
    const gap = { repeats: last, spanDays: (lastMs - events.firstMs[0]!) / dayMs };
    const prior = panel.priorAt(lastMs);
    const criticalMs = (threshold: number): number => rule.criticalGapDays(gap, threshold, prior) * dayMs;
    const alarms = (index: number): boolean => lastMs + criticalMs(rule.thresholds[index]!) < endMs;
    if (!alarms(0)) continue;
    let [yes, no] = [0, rule.thresholds.length];
    while (no - yes > 1) {
      const middle = (yes + no) >> 1;
      if (alarms(middle)) yes = middle;
      else no = middle;
    }
    gaps.push({ last, closedMs, endMs, criticalMs, strictest: rule.thresholds[yes]! });
  }
  return gaps;
}

/** While its source is broken nothing is sent about a client: the alert waits for the end. */
function pastOutages(client: ReplayClient, ms: number): number {
  return client.absences.length === 0 ? ms : (advanceClock(client.absences, ms, 0) ?? Number.POSITIVE_INFINITY);
}
