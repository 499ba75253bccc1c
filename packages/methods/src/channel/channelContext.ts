import { calibrateDropThreshold } from "../dropCalibration.ts";
import { type PanelWeeks, panelWeeks } from "../dropPanel.ts";
import type { DropPreset } from "../dropScore.ts";
import { dropThreshold } from "../dropThreshold.ts";
import { fitRegularity } from "../regularGaps.ts";
import type { SilenceHistory, SilencePrior } from "../silence.ts";
import { defaultGammaPrior, fitGammaPoissonPrior } from "../silencePrior.ts";
import { type ChannelHistory, weeklyHistory } from "./channelHistory.ts";

const dayMs = 86_400_000;

/** What all clients have in common in one channel; made from their histories, the same for everybody. */
export interface ChannelContext {
  readonly preset: DropPreset;
  /** Undefined while nobody has a complete week. */
  readonly panel: PanelWeeks | undefined;
  readonly threshold: number;
  readonly prior: SilencePrior;
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
  const calibrated = panel && calibrateDropThreshold(weekly, panel, preset, dropBudget);
  return {
    preset,
    panel,
    threshold: nearTable(calibrated?.threshold, dropThreshold(dropBudget, preset)),
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
