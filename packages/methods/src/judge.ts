import type { DropEpisode, DropHistory } from "./dropEpisodes.ts";
import type { NumberList } from "./numberList.ts";

/** How long an alert's future is looked at before it is judged. */
export const JUDGEMENT_WEEKS = 13;
const HELD_SHARE = 0.7;
const WEEKS_A_CLIENT_YEAR = 52;

export type AlarmVerdict = "false_alarm" | "real_drop" | "too_early";

/**
 * Was a drop alert false? It was when the 13 weeks after it hold 70 % or more of the baseline: the client had not
 * left its level. "too_early" while those weeks are not complete.
 *
 * @param counts events by week, same numbering as the episode's weeks
 */
export function judgeAlarm(
  counts: NumberList,
  alarm: Pick<DropEpisode, "openedWeek" | "baselineAtOpening">,
): AlarmVerdict {
  const from = alarm.openedWeek + 1;
  if (counts.length < from + JUDGEMENT_WEEKS) return "too_early";
  let sum = 0;
  for (let week = from; week < from + JUDGEMENT_WEEKS; week++) sum += counts[week]!;
  return sum / JUDGEMENT_WEEKS >= HELD_SHARE * alarm.baselineAtOpening ? "false_alarm" : "real_drop";
}

/** What a detector's alarms came to over a panel's history. */
export interface DropJudgement {
  /** Alarms old enough to be judged. */
  readonly alarms: number;
  readonly falseAlarms: number;
  /** Monitored client-weeks, each client's last 13 weeks left out. */
  readonly monitoredClientWeeks: number;
  /** False alarms per 52 monitored client-weeks; undefined when nothing was monitored. */
  readonly falseAlarmsPerClientYear: number | undefined;
  /** 1 - false / alarms; undefined without alarms. */
  readonly precision: number | undefined;
}

/**
 * Counts false alarms per 52 monitored client-weeks, each client's last 13 weeks not counted (their alarms cannot be
 * judged yet). O(clients * weeks).
 */
export function judgeDropHistories(
  clients: Iterable<{
    readonly counts: NumberList;
    readonly history: Pick<DropHistory, "episodes" | "monitoredByWeek">;
  }>,
): DropJudgement {
  let alarms = 0;
  let falseAlarms = 0;
  let monitoredClientWeeks = 0;
  for (const { counts, history } of clients) {
    const judgedWeeks = counts.length - JUDGEMENT_WEEKS;
    for (let week = 0; week < judgedWeeks; week++) if (history.monitoredByWeek[week]) monitoredClientWeeks++;
    for (const episode of history.episodes) {
      const verdict = judgeAlarm(counts, episode);
      if (verdict !== "too_early") alarms++;
      if (verdict === "false_alarm") falseAlarms++;
    }
  }
  return {
    alarms,
    falseAlarms,
    monitoredClientWeeks,
    falseAlarmsPerClientYear:
      monitoredClientWeeks > 0 ? (falseAlarms * WEEKS_A_CLIENT_YEAR) / monitoredClientWeeks : undefined,
    precision: alarms > 0 ? 1 - falseAlarms / alarms : undefined,
  };
}
