import { dropBaselines, monitoredByWeek } from "./dropBaseline.ts";
import { replayDropWeeks } from "./dropEpisodes.ts";
import { type PanelWeeks, paddedCounts } from "./dropPanel.ts";
import type { DropPreset } from "./dropScore.ts";
import { trackEpisodes } from "./episodeTracker.ts";
import { JUDGEMENT_WEEKS, judgeAlarm } from "./judge.ts";
import { alignWeeks, type WeeklyHistory } from "./peerFactor.ts";

export interface DropCalibration {
  readonly threshold: number;
  /** What that threshold gave on this history. */
  readonly falseAlarmsPerClientYear: number;
  /** Monitored client-years behind it. */
  readonly clientYears: number;
}

/** Thresholds 0.30, 0.35, ..., 4.00. */
const LOWEST_TWENTIETHS = 6;
const THRESHOLDS = 75;
const WEEKS_A_YEAR = 52;
/** With less than this the table is the better guess: at a budget of 0.25 five false alarms would be expected. */
const MIN_CLIENT_YEARS = 20;

/** What every threshold would have given on a company's own history. */
export interface FalseAlarmCurve {
  /** False alarms by threshold, as thresholdAt counts them. */
  readonly falseAlarms: readonly number[];
  /** Monitored client-years behind them. */
  readonly clientYears: number;
}

/**
 * Replays a company's history with the live code and counts what would have been false alarms (13-week rule, judge.ts) at
 * each threshold. O(monitored clients * weeks * 75), scores made once a client; run it when models are refitted, not for
 * every event.
 *
 * @throws RangeError as dropEpisodes
 */
export function falseAlarmCurve(
  histories: readonly WeeklyHistory[],
  panel: PanelWeeks,
  preset: DropPreset,
): FalseAlarmCurve {
  const falseAlarms = new Array<number>(THRESHOLDS).fill(0);
  let monitoredWeeks = 0;
  for (const history of histories) {
    const factors = alignWeeks(panel.factors, panel.firstWeek, history.firstWeek);
    const counts = paddedCounts(history, factors.length);
    const baselines = dropBaselines(counts);
    const monitored = monitoredByWeek(counts, baselines);
    // Most clients are too rare to be watched: they need no scores.
    if (!monitored.includes(true)) continue;
    const spreadFactors = alignWeeks(panel.spreadFactors, panel.firstWeek, history.firstWeek);
    const scores = replayDropWeeks(counts, factors, { preset, spreadFactors }).scores.map((week) => week?.alarmScore);
    const highest = scores.reduce<number>((most, score) => Math.max(most, score ?? 0), 0);
    for (let i = 0; i < THRESHOLDS && thresholdAt(i) <= highest; i++) {
      for (const { openedWeek } of trackEpisodes({ counts, scores, baselines, monitored }, thresholdAt(i)).episodes) {
        const alarm = { openedWeek, baselineAtOpening: baselines[openedWeek]! };
        if (judgeAlarm(counts, alarm) === "false_alarm") falseAlarms[i]! += 1;
      }
    }
    for (let week = 0; week < counts.length - JUDGEMENT_WEEKS; week++) if (monitored[week]) monitoredWeeks++;
  }
  return { falseAlarms, clientYears: monitoredWeeks / WEEKS_A_YEAR };
}

/** What thresholds gave in parts of a history together. */
export function joinCurves(curves: readonly FalseAlarmCurve[]): FalseAlarmCurve {
  const sum = (of: (curve: FalseAlarmCurve) => number) => curves.reduce((total, curve) => total + of(curve), 0);
  return {
    falseAlarms: Array.from({ length: THRESHOLDS }, (_, i) => sum(({ falseAlarms }) => falseAlarms[i]!)),
    clientYears: sum(({ clientYears }) => clientYears),
  };
}

/**
 * The company's own threshold: the lowest at which, and above which, its history stays within the budget. Set on one half
 * of the study's histories for 0.25, the other half gave 0.25 in the median, 0.07 to 0.35 over 14 panels.
 *
 * @returns undefined with less than 20 monitored client-years, or when no threshold from 0.3 to 4 keeps the budget:
 *   take dropThreshold then
 * @throws RangeError when the budget is not > 0
 */
export function calibrateDropThreshold(
  { falseAlarms, clientYears }: FalseAlarmCurve,
  falseAlarmsPerClientYear: number,
): DropCalibration | undefined {
  if (!(falseAlarmsPerClientYear > 0)) {
    throw new RangeError(`the budget of false alarms must be > 0, got ${falseAlarmsPerClientYear}`);
  }
  if (clientYears < MIN_CLIENT_YEARS) return undefined;
  let chosen = THRESHOLDS;
  while (chosen > 0 && falseAlarms[chosen - 1]! / clientYears <= falseAlarmsPerClientYear) chosen--;
  if (chosen === THRESHOLDS) return undefined;
  return {
    threshold: thresholdAt(chosen),
    falseAlarmsPerClientYear: falseAlarms[chosen]! / clientYears,
    clientYears,
  };
}

function thresholdAt(index: number): number {
  return (LOWEST_TWENTIETHS + index) / 20;
}
