import { type AlarmVerdict, JUDGEMENT_WEEKS, judgeAlarm } from "../judge.ts";
import type { Opening, ReplayRule } from "./openings.ts";
import type { Group, ReplayClient, ReplayPanel } from "./panel.ts";

/** Weeks of a panel, both included. Alerts belong to the week in which they are sent. */
export interface Period {
  readonly fromWeek: number;
  readonly toWeek: number;
}

/** What a rule's alerts of a period came to. */
export interface Figures {
  readonly alarms: number;
  readonly falseAlarms: number;
  readonly clientYears: number;
  /** Undefined when nobody was watched. */
  readonly falseAlarmsPerClientYear: number | undefined;
  /** 1 - false / alarms; undefined without alarms. */
  readonly precision: number | undefined;
  readonly alarmsPerWeek: number;
}

const WEEKS_A_YEAR = 52;

/** Client-years that were watched in a period. */
export function watchedYears(panel: ReplayPanel, group: Group, period: Period): number {
  let weeks = 0;
  for (const client of panel.clients) {
    const watched = client.watched[group];
    const to = Math.min(period.toWeek - client.firstWeek, watched.length - 1);
    for (let week = Math.max(0, period.fromWeek - client.firstWeek); week <= to; week++) if (watched[week]) weeks++;
  }
  return weeks / WEEKS_A_YEAR;
}

export function isIn(period: Period, client: ReplayClient, opening: Opening): boolean {
  const week = client.firstWeek + opening.week;
  return week >= period.fromWeek && week <= period.toWeek;
}

/** By the 13-week rule, against the level of the alarm's week. */
export function verdictOf(client: ReplayClient, group: Group, opening: Opening): AlarmVerdict {
  const level = client.levels[group][opening.week];
  if (level === undefined) return "too_early";
  return judgeAlarm(client.counts, { openedWeek: opening.week, baselineAtOpening: level });
}

/** Counts of a rule's alerts in each period at each threshold. O(clients · weeks · thresholds). */
export function countAlarms(
  rule: ReplayRule,
  panel: ReplayPanel,
  group: Group,
  periods: readonly Period[],
): Figures[][] {
  const counts = periods.map(() => rule.thresholds.map(() => ({ alarms: 0, falseAlarms: 0 })));
  for (const client of panel.clients) {
    if (!client.watched[group].includes(true)) continue;
    const at = rule.openings(client, group, panel);
    for (const [i, threshold] of rule.thresholds.entries()) {
      for (const opening of at(threshold)) {
        const period = periods.findIndex((candidate) => isIn(candidate, client, opening));
        const verdict = period < 0 ? "too_early" : verdictOf(client, group, opening);
        if (verdict === "too_early") continue;
        counts[period]![i]!.alarms++;
        if (verdict === "false_alarm") counts[period]![i]!.falseAlarms++;
      }
    }
  }
  return periods.map((period, p) => {
    const clientYears = watchedYears(panel, group, period);
    const weeks = period.toWeek - period.fromWeek + 1;
    return counts[p]!.map(({ alarms, falseAlarms }) => ({
      alarms,
      falseAlarms,
      clientYears,
      falseAlarmsPerClientYear: clientYears > 0 ? falseAlarms / clientYears : undefined,
      precision: alarms > 0 ? 1 - falseAlarms / alarms : undefined,
      alarmsPerWeek: weeks > 0 ? alarms / weeks : 0,
    }));
  });
}

/**
 * The lowest threshold at which, and above which, a rule keeps a budget of false alarms a client-year.
 *
 * @returns undefined where even the strictest does not
 */
export function thresholdWithin(
  thresholds: readonly number[],
  figures: readonly Figures[],
  budget: number,
): number | undefined {
  let chosen = thresholds.length;
  while (chosen > 0 && (figures[chosen - 1]!.falseAlarmsPerClientYear ?? Number.POSITIVE_INFINITY) <= budget) chosen--;
  return thresholds[chosen];
}

/**
 * The calibration and the report period. Only weeks count in which somebody could be watched and whose alarms can be
 * judged: the 13 weeks after them are complete. The verdicts of the first period's last alarms look 13 weeks into the
 * second: where history is short that can't be helped, and it moves one number a rule.
 *
 * @param untilWeek last week of calibration; undefined: the middle
 */
export function periodsOf(panel: ReplayPanel, untilWeek?: number): { calibration: Period; report: Period } | undefined {
  let first = Number.POSITIVE_INFINITY;
  for (const client of panel.clients) {
    for (const watched of Object.values(client.watched)) {
      const week = watched.indexOf(true);
      if (week >= 0) first = Math.min(first, client.firstWeek + week);
    }
  }
  const last = panel.lastWeek - JUDGEMENT_WEEKS;
  const middle = untilWeek ?? Math.floor((first + last) / 2);
  if (!(first <= middle && middle < last)) return undefined;
  return { calibration: { fromWeek: first, toWeek: middle }, report: { fromWeek: middle + 1, toWeek: last } };
}
