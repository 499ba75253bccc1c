import type { Detector } from "@keypulse/contracts";
import {
  type Calendar,
  type ChannelDrop,
  type ChannelHistory,
  channelDrop,
  channelWords,
  detectGrowth,
  detectSilence,
  dropFinding,
  dropLikelihood,
  dropThreshold,
  growthScore,
  moneyAtStakeOfDrop,
  moneyAtStakeOfSilence,
  NO_SEGMENT,
  type OpenInterval,
  type OrderAmount,
  panelOf,
  revenueOfYearBefore,
  type SourceWatch,
  silenceFinding,
  silenceHistoryOf,
  weekOfDay,
} from "@keypulse/methods";
import type { FalseAlarms } from "./budgets.ts";
import { type ActivityChannel, activityChannels, type ClientHistory, orderAmounts } from "./clientHistory.ts";
import { dropBudgetOf, type PanelContext } from "./context.ts";
import { endOfDrop, endOfSilence } from "./endings.ts";
import { type SourceState, sourcesOf } from "./sourceState.ts";
import type { Watched } from "./watched.ts";

export interface Detection {
  watched: Watched[];
  /** When silence would be called if nothing happens; the earliest over the channels. */
  nextDeadlineMs: number | undefined;
}

export interface DetectSettings {
  minRepeats: number;
  minSourceClients: number;
}

/** What all detectors of one channel are given. */
interface ChannelFrame {
  readonly channel: ActivityChannel;
  readonly segment: string;
  readonly activity: ChannelHistory;
  readonly panel: PanelContext;
  readonly budget: FalseAlarms;
  readonly outages: SourceState["outages"];
  readonly heldBy: string | undefined;
  readonly revenue: readonly OrderAmount[];
  readonly asOfMs: number;
}

/** All detectors over one client: a pure function of its history, the context, its budget, the settings and the time. */
export function detect(
  history: ClientHistory,
  absences: readonly OpenInterval[],
  panel: PanelContext,
  watch: SourceWatch,
  budget: FalseAlarms,
  settings: DetectSettings,
  calendar: Calendar,
  asOfMs: number,
): Detection {
  const watched: Watched[] = [];
  let nextDeadlineMs: number | undefined;
  const revenue = orderAmounts(history.revenue, calendar);
  const segment = panel.segments.get(history.clientId) ?? NO_SEGMENT;

  for (const channel of activityChannels) {
    const activity = history.channels[channel];
    if (activity === undefined) continue;
    const { heldBy, outages } = sourcesOf(activity, absences, panel, watch, settings);
    const frame: ChannelFrame = { channel, segment, activity, panel, budget, outages, heldBy, revenue, asOfMs };
    if (!isWhole(channel) && isThin(activity, panel.lastWeek)) continue;
    const drops = dropsOf(frame, calendar);
    watched.push(watchDrop(frame, drops, calendar));
    if (!isWhole(channel)) continue;
    watched.push(watchGrowth(frame, channel, drops, calendar));
    const silence = watchSilence(frame, channel, settings);
    watched.push(silence.watched);
    if (silence.deadlineMs !== undefined) {
      nextDeadlineMs = Math.min(nextDeadlineMs ?? Number.POSITIVE_INFINITY, silence.deadlineMs);
    }
  }
  return { watched, nextDeadlineMs };
}

function nothing(detector: Detector, { channel, heldBy }: ChannelFrame): Watched {
  return {
    detector,
    channel,
    monitored: false,
    finding: undefined,
    crossedAtMs: undefined,
    endReason: "",
    moneyAtStake: 0,
    likelihood: undefined,
    heldBy,
  };
}

/** A kind of activity alone is watched for drops only: its silence and growth are those of all, or mean little. */
const isWhole = (channel: ActivityChannel): channel is "orders" | "all" => channel === "orders" || channel === "all";

/** Half a year of baseline before a drop that half a year ago may have opened: with fewer acts in it no drop is told. */
const weeksOfKind = 56;
const leastActsOfKind = 13;

function isThin({ days, counts }: ChannelHistory, lastWeek: number): boolean {
  let acts = 0;
  for (let i = days.length - 1; i >= 0 && weekOfDay(days[i]!) > lastWeek - weeksOfKind; i--) {
    acts += counts[i]!;
    if (acts >= leastActsOfKind) return false;
  }
  return true;
}

/** A kind of activity that came less than once a week is not worth an alert of its own. */
const leastOfKind = 1;

function dropsOf({ channel, segment, activity, panel, budget, outages, asOfMs }: ChannelFrame, calendar: Calendar) {
  const context = panel.channels[channel];
  const line = { preset: context.preset, threshold: lineOf(panel, channel, budget.activity_drop) };
  return channelDrop(activity, panelOf(context, segment), line, outages, calendar, panel.lastWeek, asOfMs);
}

/** The segment whose clients are its peers; empty where all are. */
const peersOf = ({ channel, segment, panel }: ChannelFrame): string =>
  panel.channels[channel].segmentPanels.has(segment) ? segment : NO_SEGMENT;

const lineOf = (panel: PanelContext, channel: ActivityChannel, budget: number): number => {
  const context = panel.channels[channel];
  return (context.lines.get(dropBudgetOf(channel, budget)) ?? context).threshold;
};

/**
 * The drop's line for a budget, mirrored. The company's own was found by counting false drops: where it is lower than the
 * study's that says nothing of growth.
 */
export function growthLine(panel: PanelContext, channel: "orders" | "all", budget: number): number {
  return Math.max(lineOf(panel, channel, budget), dropThreshold(budget, panel.channels[channel].preset));
}

function watchDrop(frame: ChannelFrame, drops: ChannelDrop | undefined, calendar: Calendar): Watched {
  const { channel, panel, budget, revenue } = frame;
  const quiet = nothing("activity_drop", frame);
  if (drops === undefined) return quiet;
  const threshold = lineOf(panel, channel, budget.activity_drop);
  const { monitored, openEpisode } = drops;
  const isTooThin = !isWhole(channel) && (openEpisode?.baselineAtOpening ?? 0) < leastOfKind;
  const episode = isTooThin ? undefined : openEpisode;
  if (episode === undefined) {
    const last = drops.episodes.at(-1);
    return { ...quiet, monitored, endReason: last === undefined ? "" : endOfDrop(last, channel) };
  }
  const crossedAtMs = calendar.weekStartMs(drops.firstWeek + episode.openedWeek + 1);
  const weekEndMs = calendar.weekStartMs(panel.lastWeek + 1);
  const { ratio } = episode.latest;
  return {
    ...quiet,
    monitored,
    crossedAtMs,
    finding: dropFinding(
      episode,
      channelWords[channel],
      threshold,
      dropBudgetOf(channel, budget.activity_drop),
      weekEndMs,
      panel.channels[channel].preset,
      peersOf(frame),
    ),
    moneyAtStake: moneyAtStakeOfDrop(revenueOfYearBefore(revenue, crossedAtMs), ratio),
    likelihood: dropLikelihood(ratio, panel.likelihoodShift),
  };
}

const weeksOfGrowth = 26;
/** In events as they are, what all clients did alike not taken out: the last eight weeks against the level before. */
const leastGrowth = 1.2;
/** What a client's growth adds is not told as more than twice what it brought so far. */
const mostGrowth = 2;

/**
 * The drop score's mirror in the last complete week, for clients who are watched for drops. Raised at the drop's line and until
 * the score is below half of it, so that it does not flap; the weeks before say since when.
 */
function watchGrowth(
  frame: ChannelFrame,
  channel: "orders" | "all",
  drops: ChannelDrop | undefined,
  calendar: Calendar,
): Watched {
  const { activity, panel, budget, revenue, asOfMs } = frame;
  const quiet: Watched = { ...nothing("growth", frame), heldBy: undefined, endReason: "No longer growing." };
  if (drops === undefined) return quiet;
  const threshold = growthLine(panel, channel, budget.growth);
  const { monitored, scores, score, baseline } = drops;
  let week = scores.length - 1;
  let since: number | undefined;
  for (; week >= Math.max(0, scores.length - weeksOfGrowth); week--) {
    const ofWeek = scores[week];
    // A week that was skipped neither raises nor ends anything.
    if (ofWeek === undefined) continue;
    const rise = growthScore(ofWeek);
    if (rise < threshold / 2) break;
    if (rise >= threshold) since = week;
  }
  if (since === undefined || score === undefined || baseline === undefined || !monitored)
    return { ...quiet, monitored };
  // Where others fell and this client did not, it grew in comparison only.
  if (weeklyOf(activity, panel.lastWeek) < leastGrowth * baseline) return { ...quiet, monitored };
  const weekEndMs = calendar.weekStartMs(panel.lastWeek + 1);
  const finding = detectGrowth(score, threshold / 2, channelWords[channel].plural, weekEndMs, peersOf(frame));
  if (finding === null) return { ...quiet, monitored };
  const added = Math.min(mostGrowth, score.ratio - 1);
  return {
    ...quiet,
    monitored,
    finding: { ...finding, values: { ...finding.values, threshold } },
    crossedAtMs: calendar.weekStartMs(drops.firstWeek + since + 1),
    // Twice the orders are about twice the revenue; of twice the visits nobody knows what they bring.
    moneyAtStake:
      channel === "orders" ? Math.max(0, Math.round(100 * added * revenueOfYearBefore(revenue, asOfMs)) / 100) : 0,
  };
}

/** Mean of events a week over the last eight complete weeks. */
function weeklyOf({ days, counts }: ChannelHistory, lastWeek: number): number {
  let sum = 0;
  for (let i = days.length - 1; i >= 0 && weekOfDay(days[i]!) > lastWeek - 8; i--) {
    if (weekOfDay(days[i]!) <= lastWeek) sum += counts[i]!;
  }
  return sum / 8;
}

function watchSilence(
  frame: ChannelFrame,
  channel: "orders" | "all",
  settings: DetectSettings,
): { watched: Watched; deadlineMs: number | undefined } {
  const { activity, panel, budget, outages, revenue, asOfMs } = frame;
  const { lastAtMs } = activity;
  // What is stored may be newer than the time up to which all is known to be stored.
  const nowMs = Math.max(asOfMs, lastAtMs);
  const silence = detectSilence(
    silenceHistoryOf(activity),
    panel.channels[channel].prior,
    { falseAlarmsPerClientYear: budget.silence, minRepeats: settings.minRepeats },
    nowMs,
    outages,
  );
  const monitored = silence.state !== "unmonitored";
  const quiet = { ...nothing("silence", frame), monitored };
  if (silence.state !== "silent") {
    const watched = { ...quiet, endReason: endOfSilence(silence, channel, lastAtMs) };
    return { watched, deadlineMs: silence.state === "quiet_ok" ? silence.deadlineMs : undefined };
  }
  const watched = {
    ...quiet,
    crossedAtMs: silence.deadlineMs,
    finding: silenceFinding(silence, channelWords[channel], lastAtMs, nowMs),
    moneyAtStake: moneyAtStakeOfSilence(revenue),
  };
  return { watched, deadlineMs: undefined };
}
