import { calibrateDropThreshold, type DropCalibration } from "../dropCalibration.ts";
import { type PanelWeeks, panelWeeks } from "../dropPanel.ts";
import type { DropPreset } from "../dropScore.ts";
import { dropThreshold } from "../dropThreshold.ts";
import { fitRegularity } from "../regularGaps.ts";
import type { SilenceHistory, SilencePrior } from "../silence.ts";
import { defaultGammaPrior, fitGammaPoissonPrior } from "../silencePrior.ts";
import { type ChannelHistory, weeklyHistory } from "./channelHistory.ts";

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
  readonly prior: SilencePrior;
}

/**
 * The threshold for a budget of false alarms a client-year: the company's own where its history is long enough, else the
 * study's. O(clients × weeks × 75).
 */
export function fitDropLine(
  channels: readonly ChannelHistory[],
  panel: PanelWeeks | undefined,
  lastWeek: number,
  preset: DropPreset,
  dropBudget: number,
): DropLine {
  const weekly = channels.flatMap((channel) => weeklyHistory(channel, lastWeek) ?? []);
  const calibration = panel && calibrateDropThreshold(weekly, panel, preset, dropBudget);
  return { threshold: nearTable(calibration?.threshold, dropThreshold(dropBudget, preset)), calibration };
}

/**
 * Fits what is common to all clients of a channel. O(clients × weeks).
 *
 * @param lastWeek last complete week
 * @param dropBudget false alarms a client-year that are accepted
 */
export function fitChannelContext(
  channels: readonly ChannelHistory[],
  lastWeek: number,
  asOfMs: number,
  preset: DropPreset,
  dropBudget: number,
): ChannelContext {
  const weekly = channels.flatMap((channel) => weeklyHistory(channel, lastWeek) ?? []);
  const panel = weekly.length > 0 ? panelWeeks(weekly, lastWeek, preset) : undefined;
  return {
    preset,
    panel,
    ...fitDropLine(channels, panel, lastWeek, preset, dropBudget),
    prior: fitSilencePrior(channels, asOfMs),
  };
}

/**
 * The prior of budgeted silence as of a time: repeats are active days after the first. With how regular the panel's
 * clients are, which silenceHistoryOf lets a client be judged by.
 */
export function fitSilencePrior(
  channels: readonly { readonly days: readonly number[]; readonly firstAtMs: number }[],
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

function sumLogGapDays(days: readonly number[]): number {
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
