import {
  calibrateDropThreshold,
  type DropCalibration,
  type FalseAlarmCurve,
  falseAlarmCurve,
  joinCurves,
} from "../dropCalibration.ts";
import { type PanelWeeks, panelWeeks } from "../dropPanel.ts";
import type { DropPreset } from "../dropScore.ts";
import { dropThreshold } from "../dropThreshold.ts";
import type { NumberList } from "../numberList.ts";
import { MIN_PEERS } from "../peerFactor.ts";
import { fitRegularity } from "../regularGaps.ts";
import type { SilenceHistory, SilencePrior } from "../silence.ts";
import { defaultGammaPrior, fitGammaPoissonPrior } from "../silencePrior.ts";
import type { Calendar } from "./calendar.ts";
import { calendarWeeks } from "./calendarWeeks.ts";
import { type ChannelHistory, weeklyHistories } from "./channelHistory.ts";

const dayMs = 86_400_000;

/** The score at which the drop detector raises, for a budget, and the company's own history behind it. */
export interface DropLine {
  readonly threshold: number;
  /** Undefined where the study's table holds: too little history, or no threshold keeps the budget on it. */
  readonly calibration?: DropCalibration | undefined;
}

/** What all clients have in common in one channel; made from their histories, the same for everybody. */
export interface ChannelContext extends DropLine {
  readonly preset: DropPreset;
  /** Undefined while nobody has a complete week. */
  readonly panel: PanelWeeks | undefined;
  /** The same of each segment's clients among themselves; who is of none has all clients for peers. */
  readonly segmentPanels: ReadonlyMap<string, PanelWeeks>;
  /** What the drop detector's thresholds would have given so far; undefined as the panel. */
  readonly curve: FalseAlarmCurve | undefined;
  readonly prior: SilencePrior;
}

/** Clients of no segment. */
export const NO_SEGMENT = "";

/**
 * The threshold for a budget of false alarms a client-year: the company's own where its history is long enough, else the
 * study's. O(1).
 */
export function dropLine(
  { curve, preset }: Pick<ChannelContext, "curve" | "preset">,
  falseAlarmsPerClientYear: number,
): DropLine {
  const calibration = curve && calibrateDropThreshold(curve, falseAlarmsPerClientYear);
  const table = dropThreshold(falseAlarmsPerClientYear, preset);
  return { threshold: nearTable(calibration?.threshold, table), calibration };
}

/**
 * Fits what is common to all clients of a channel. Those of a segment have peer and spread factors of their own, pulled to
 * those of all the fewer they are; the line is one for all, for scores are in units of each client's own spread: lines by
 * segment found no more (REPORT.md). O(clients × weeks), and 75 times as much for clients who are watched.
 *
 * @param bySegment who has no segment under NO_SEGMENT
 * @param lastWeek last complete week
 * @param calendar whose holidays say what a week is where there are too few peers to tell
 * @param dropBudget false alarms a client-year that are accepted
 */
export function fitChannelContext(
  bySegment: ReadonlyMap<string, readonly ChannelHistory[]>,
  lastWeek: number,
  asOfMs: number,
  calendar: Pick<Calendar, "isHoliday">,
  preset: DropPreset,
  dropBudget: number,
): ChannelContext {
  const channels = [...bySegment.values()].flat();
  const prior = fitSilencePrior(channels, asOfMs);
  const weekly = [...bySegment]
    .map(([segment, list]) => ({ segment, weekly: weeklyHistories(list, lastWeek) }))
    .filter((one) => one.weekly.length > 0);
  const all = weekly.flatMap((one) => one.weekly);
  if (all.length === 0) {
    const nothing = { preset, panel: undefined, curve: undefined };
    return { ...nothing, ...dropLine(nothing, dropBudget), prior, segmentPanels: new Map() };
  }
  const panel = panelWeeks(all, lastWeek, preset, calendarWeeks(channels, calendar, lastWeek));
  const segmentPanels = new Map<string, PanelWeeks>();
  const curves = weekly.map(({ segment, weekly: own }) => {
    // What few would be told by all clients' weeks needs no panel: industries may be anything that people type.
    if (segment === NO_SEGMENT || own.length < MIN_PEERS) return falseAlarmCurve(own, panel, preset);
    const ownPanel = panelWeeks(own, lastWeek, preset, panel);
    segmentPanels.set(segment, ownPanel);
    return falseAlarmCurve(own, ownPanel, preset);
  });
  const curve = joinCurves(curves);
  return { preset, panel, segmentPanels, curve, ...dropLine({ curve, preset }, dropBudget), prior };
}

/** The weeks of a client's peers: its segment's, or all clients'. */
export const panelOf = (
  { panel, segmentPanels }: Pick<ChannelContext, "panel" | "segmentPanels">,
  segment: string,
): PanelWeeks | undefined => segmentPanels.get(segment) ?? panel;

/**
 * The prior of budgeted silence as of a time: repeats are active days after the first. With how regular the panel's
 * clients are, which silenceHistoryOf lets a client be judged by.
 */
export function fitSilencePrior(
  channels: readonly Pick<ChannelHistory, "days" | "firstAtMs">[],
  asOfMs: number,
): SilencePrior {
  const repeats = channels.map((channel) => ({
    repeats: channel.days.length - 1,
    exposure: Math.max(0, asOfMs - channel.firstAtMs) / dayMs,
  }));
  const prior = repeats.length > 0 ? fitGammaPoissonPrior(repeats).prior : defaultGammaPrior;
  const gaps = channels.map(({ days }) => ({
    repeats: days.length - 1,
    spanDays: days.at(-1)! - days[0]!,
    sumLogGapDays: sumLogGapDays(days),
  }));
  return { ...prior, regularity: fitRegularity(gaps, prior) };
}

/** A client as silence looks at it. */
export function silenceHistoryOf(channel: Pick<ChannelHistory, "days" | "firstAtMs" | "lastAtMs">): SilenceHistory {
  return {
    activeDays: channel.days.length,
    firstActiveMs: channel.firstAtMs,
    lastActiveMs: channel.lastAtMs,
    sumLogGapDays: sumLogGapDays(channel.days),
  };
}

function sumLogGapDays(days: NumberList): number {
  let sum = 0;
  for (let i = 1; i < days.length; i++) sum += Math.log(days[i]! - days[i - 1]!);
  return sum;
}

/**
 * The company's own threshold, at most half or twice the study's: a short or very regular history would else set a line
 * that any week crosses, or none ever.
 */
function nearTable(calibrated: number | undefined, table: number): number {
  return calibrated === undefined ? table : Math.min(Math.max(calibrated, table / 2), table * 2);
}
