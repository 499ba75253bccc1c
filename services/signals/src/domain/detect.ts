import type { Detector } from "@keypulse/contracts";
import {
  type Calendar,
  type ChannelHistory,
  channelDrop,
  channelWords,
  detectSilence,
  dropFinding,
  dropLikelihood,
  mainSources,
  moneyAtStakeOfDrop,
  moneyAtStakeOfSilence,
  type OrderAmount,
  revenueOfYearBefore,
  type SourceWatch,
  silenceFinding,
} from "@keypulse/methods";
import type { FalseAlarms } from "./budgets.ts";
import { type ActivityChannel, activityChannels, type ClientHistory, orderAmounts } from "./clientHistory.ts";
import type { PanelContext } from "./context.ts";
import { endOfDrop, endOfSilence } from "./endings.ts";
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
  readonly activity: ChannelHistory;
  readonly panel: PanelContext;
  readonly budget: FalseAlarms;
  readonly outages: ReturnType<SourceWatch["outages"]>;
  readonly heldBy: string | undefined;
  readonly revenue: readonly OrderAmount[];
  readonly asOfMs: number;
}

/** All detectors over one client: a pure function of its history, the context, its budget, the settings and the time. */
export function detect(
  history: ClientHistory,
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

  for (const channel of activityChannels) {
    const activity = history.channels[channel];
    if (activity === undefined) continue;
    const sources = mainSources(activity).filter(
      (source) => (panel.sourceClients.get(source) ?? 0) >= settings.minSourceClients,
    );
    const heldBy = watch.suspect(sources);
    const outages = watch.outages(sources);
    const frame: ChannelFrame = { channel, activity, panel, budget, outages, heldBy, revenue, asOfMs };
    watched.push(watchDrop(frame, calendar));
    const silence = watchSilence(frame, settings);
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

function watchDrop(frame: ChannelFrame, calendar: Calendar): Watched {
  const { channel, activity, panel, budget, outages, revenue, asOfMs } = frame;
  const quiet = nothing("activity_drop", frame);
  const context = panel.channels[channel];
  const { threshold } = context.lines.get(budget.activity_drop) ?? context;
  const drops = channelDrop(activity, { ...context, threshold }, outages, calendar, panel.lastWeek, asOfMs);
  if (drops === undefined) return quiet;
  const { monitored, openEpisode: episode } = drops;
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
    finding: dropFinding(episode, channelWords[channel], threshold, budget.activity_drop, weekEndMs),
    moneyAtStake: moneyAtStakeOfDrop(revenueOfYearBefore(revenue, crossedAtMs), ratio),
    likelihood: dropLikelihood(ratio, panel.likelihoodShift),
  };
}

function watchSilence(
  frame: ChannelFrame,
  settings: DetectSettings,
): { watched: Watched; deadlineMs: number | undefined } {
  const { channel, activity, panel, budget, outages, revenue, asOfMs } = frame;
  const { days, firstAtMs, lastAtMs } = activity;
  // What is stored may be newer than the time up to which all is known to be stored.
  const nowMs = Math.max(asOfMs, lastAtMs);
  const silence = detectSilence(
    { activeDays: days.length, firstActiveMs: firstAtMs, lastActiveMs: lastAtMs },
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
