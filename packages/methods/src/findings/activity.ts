import type { DropEpisode } from "../dropEpisodes.ts";
import type { DropPreset } from "../dropScore.ts";
import type { Outage } from "../outages.ts";
import type { MonitoredSilence } from "../silence.ts";
import { DAYS_A_YEAR, type Finding, MS_A_DAY } from "./finding.ts";
import { counted, date, number, peersTakenOut, percent, rarity, short } from "./say.ts";

/** How events of a channel are called, and what fewer of them mean. */
export interface ChannelWords {
  readonly plural: string;
  /** "No order", "No sign of life". */
  readonly none: string;
}

export const channelWords = {
  orders: { plural: "orders", none: "No order" },
  all: { plural: "signs of life", none: "No sign of life" },
  email: { plural: "mails opened, clicked or answered", none: "No mail opened, clicked or answered" },
  web: { plural: "visits to our website", none: "No visit to our website" },
  call: { plural: "calls", none: "No call" },
} as const satisfies Record<string, ChannelWords>;

/**
 * An open drop episode as a finding.
 * @param budget false alarms a client-year that the threshold was set for
 * @param segment of the client's peers; empty where all clients are
 */
export function dropFinding(
  episode: DropEpisode,
  words: ChannelWords,
  threshold: number,
  budget: number,
  weekEndMs: number,
  preset: DropPreset,
  segment = "",
): Finding {
  const { latest } = episode;
  return {
    model: { name: `activity_drop, ${preset.name}`, version: 1 },
    cause: "less_activity",
    direction: "worse",
    expected: latest.levelBefore,
    observed: latest.levelNow,
    unit: `${words.plural} a week`,
    window: { fromMs: weekEndMs - 8 * 7 * MS_A_DAY, toMs: weekEndMs },
    // The score has no law to read a tail from: its threshold was set by counting false alarms.
    tailProbability: undefined,
    falseAlarmsPerClientYear: budget,
    parts: [],
    values: {
      score: latest.alarmScore,
      threshold,
      ratio: latest.ratio,
      usual_wobble: latest.usualWobble,
      weeks_of_silence: latest.R,
      baseline: episode.baselineAtOpening,
    },
    headline: `${percent(1 - latest.ratio)} fewer ${words.plural}`,
    text:
      `${percent(1 - latest.ratio)} fewer ${words.plural}: ${number(latest.levelNow)} a week over the last eight weeks` +
      `${preset.name === "fast" ? " (the latest four count triple)" : ""}, usually ${number(latest.levelBefore)}. That is ` +
      `${number(latest.alarmScore)} times its usual wobble; the line is ${threshold.toFixed(2)}. ` +
      peersTakenOut(segment),
  };
}

/** A silence that was called as a finding. */
export function silenceFinding(
  silence: MonitoredSilence,
  words: ChannelWords,
  lastActiveMs: number,
  nowMs: number,
): Finding {
  const falseAlarmsPerClientYear = (silence.tailProbability * DAYS_A_YEAR) / silence.expectedGapDays;
  const held = Math.round(silence.gapDays - silence.effectiveGapDays);
  return {
    model: { name: "silence", version: silence.regularity === 1 ? 1 : 2 },
    cause: "less_activity",
    direction: "worse",
    expected: silence.expectedGapDays,
    observed: silence.effectiveGapDays,
    unit: "days between active days",
    window: { fromMs: lastActiveMs, toMs: nowMs },
    tailProbability: silence.tailProbability,
    falseAlarmsPerClientYear,
    parts: [],
    values: {
      tail_threshold: silence.tailThreshold,
      critical_gap_days: silence.criticalGapDays,
      repeats: silence.repeats,
      regularity: silence.regularity,
    },
    headline: `${words.none.toLowerCase()} for ${counted(Math.round(silence.gapDays), "day")}`,
    text:
      `${words.none} for ${counted(Math.round(silence.gapDays), "day")} (last on ${date(lastActiveMs)}), usually every ` +
      `${counted(silence.expectedGapDays, "day")}: ${number(silence.timesExpected)} times as long. By chance a client with this ` +
      `rhythm pauses so long ${rarity(falseAlarmsPerClientYear)}.` +
      (held > 0 ? ` ${counted(held, "day")} in which the source was broken or they were away are not counted.` : ""),
  };
}

/** A source that fell silent as a finding. It concerns the source, and holds those of its clients back. */
export function outageFinding(source: string, outage: Outage, nowMs: number): Finding {
  const { startMs, endMs, gapHours, thresholdHours, missedHours, falseOutagesAYear } = outage;
  const state = endMs === undefined ? "has sent nothing" : "sent nothing";
  const since = new Date(startMs).toISOString().slice(0, 16).replace("T", " ");
  return {
    model: { name: "source_outage", version: 2 },
    cause: "source_broken",
    direction: "worse",
    expected: thresholdHours,
    observed: gapHours,
    unit: "hours without an event",
    window: { fromMs: startMs, toMs: endMs ?? nowMs },
    tailProbability: outage.tailProbability,
    // A source-year, as this concerns a source.
    falseAlarmsPerClientYear: falseOutagesAYear,
    parts: [source],
    values: { missed_hours: missedHours, false_outages_a_year_at_line: outage.falseOutagesAYearAtLine },
    headline: `${short(source)} ${state} for ${counted(gapHours, "hour")}`,
    text:
      `${source} ${state} for ${counted(gapHours, "hour")} since ${since} UTC; it usually sends in ${number(missedHours)} of ` +
      `them. By chance it pauses so long ${rarity(falseOutagesAYear)}, holidays aside; the line is ${counted(thresholdHours, "hour")}.`,
  };
}
