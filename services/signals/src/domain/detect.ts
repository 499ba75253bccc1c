import { type Channel, channels, type Detector, type Evidence } from "@keypulse/contracts";
import {
  type Calendar,
  type ChannelHistory,
  channelDrop,
  type DropEpisode,
  detectSilence,
  dropLikelihood,
  mainSources,
  moneyAtStakeOfDrop,
  moneyAtStakeOfSilence,
  type OrderAmount,
  revenueOfYearBefore,
  type SourceWatch,
} from "@keypulse/methods";
import type { FalseAlarms } from "./budgets.ts";
import { type ClientHistory, orderAmounts } from "./clientHistory.ts";
import type { PanelContext } from "./context.ts";
import { describeDrop, describeDropEnd, describeReturn, describeSilence } from "./describe.ts";

/** How one detector sees one channel of a client now. */
export interface Finding {
  detector: Detector;
  channel: Channel;
  state: "raised" | "clear";
  /** Raised: when the line was crossed. Clear: undefined. */
  crossedAtMs: number | undefined;
  reason: string;
  evidence: Evidence | undefined;
  moneyAtStake: number;
  likelihood: number | undefined;
  /** A source that is suspect now; while it is, nothing new may be raised. */
  heldBy: string | undefined;
  /** Whether the detector watches the client at all. */
  monitored: boolean;
}

export interface Detection {
  findings: Finding[];
  /** When silence would be called if nothing happens; the earliest over the channels. */
  nextDeadlineMs: number | undefined;
}

export interface DetectSettings {
  minRepeats: number;
  minSourceClients: number;
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
  const findings: Finding[] = [];
  let nextDeadlineMs: number | undefined;
  const revenue = orderAmounts(history.revenue, calendar);

  for (const channel of channels) {
    const activity = history.channels[channel];
    if (activity === undefined) continue;
    const sources = mainSources(activity).filter(
      (source) => (panel.sourceClients.get(source) ?? 0) >= settings.minSourceClients,
    );
    const heldBy = watch.suspect(sources);
    const outages = watch.outages(sources);

    findings.push(detectDrop(activity, channel, panel, budget, outages, revenue, calendar, asOfMs, heldBy));

    // What is stored may be newer than the time up to which all is known to be stored.
    const nowMs = Math.max(asOfMs, activity.lastAtMs);
    const silence = detectSilence(
      { activeDays: activity.days.length, firstActiveMs: activity.firstAtMs, lastActiveMs: activity.lastAtMs },
      panel.channels[channel].prior,
      { falseAlarmsPerClientYear: budget.silence, minRepeats: settings.minRepeats },
      nowMs,
      outages,
    );
    const silent = silence.state === "silent";
    findings.push({
      detector: "silence",
      channel,
      state: silent ? "raised" : "clear",
      crossedAtMs: silent ? silence.deadlineMs : undefined,
      ...(silent
        ? describeSilence(silence, channel, activity.lastAtMs)
        : describeReturn(silence, channel, activity.lastAtMs)),
      moneyAtStake: silent ? moneyAtStakeOfSilence(revenue) : 0,
      likelihood: undefined,
      heldBy,
      monitored: silence.state !== "unmonitored",
    });
    if (!silent && silence.state === "quiet_ok" && silence.deadlineMs !== undefined) {
      nextDeadlineMs = Math.min(nextDeadlineMs ?? Number.POSITIVE_INFINITY, silence.deadlineMs);
    }
  }
  return { findings, nextDeadlineMs };
}

function detectDrop(
  activity: ChannelHistory,
  channel: Channel,
  panel: PanelContext,
  budget: FalseAlarms,
  outages: ReturnType<SourceWatch["outages"]>,
  revenue: readonly OrderAmount[],
  calendar: Calendar,
  asOfMs: number,
  heldBy: string | undefined,
): Finding {
  const base = { detector: "activity_drop", channel, heldBy } as const;
  const nothing: Finding = {
    ...base,
    state: "clear",
    crossedAtMs: undefined,
    reason: "",
    evidence: undefined,
    moneyAtStake: 0,
    likelihood: undefined,
    monitored: false,
  };
  const context = panel.channels[channel];
  const { threshold } = context.lines.get(budget.activity_drop) ?? context;
  const drops = channelDrop(activity, { ...context, threshold }, outages, calendar, panel.lastWeek, asOfMs);
  if (drops === undefined) return nothing;
  const { monitored } = drops;
  const episode: DropEpisode | undefined = drops.openEpisode;
  if (episode === undefined) {
    const last = drops.episodes.at(-1);
    return { ...nothing, monitored, ...(last === undefined ? {} : { reason: describeDropEnd(last, channel) }) };
  }
  const crossedAtMs = calendar.weekStartMs(drops.firstWeek + episode.openedWeek + 1);
  const { latest } = episode;
  return {
    ...base,
    state: "raised",
    monitored,
    crossedAtMs,
    ...describeDrop(episode, channel, threshold),
    moneyAtStake: moneyAtStakeOfDrop(revenueOfYearBefore(revenue, crossedAtMs), latest.ratio),
    likelihood: dropLikelihood(latest.ratio, panel.likelihoodShift),
  };
}
