import type { Channel, Evidence } from "@keypulse/contracts";
import type { DropEpisode, MonitoredSilence, SilenceFinding } from "@keypulse/methods";

/** One decimal for people; two where one would say 0. */
const round = (value: number, places = value < 1 ? 2 : 1): number => Number(value.toFixed(places));
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const daysInYear = 365.25;

interface Description {
  reason: string;
  evidence: Evidence | undefined;
}

const nounOf = { orders: "orders", all: "signs of life" } as const;
const noOf = { orders: "No order", all: "No sign of life" } as const;

/** Expected against observed, the window, how unusual it is: an alert explains itself. */
export function describeDrop(episode: DropEpisode, channel: Channel, threshold: number): Description {
  const { latest } = episode;
  const before = round(latest.levelBefore);
  const now = round(latest.levelNow);
  const lost = Math.round((1 - latest.ratio) * 100);
  const unusual = `${round(latest.alarmScore)} times its usual wobble; the line is ${round(threshold, 2)}`;
  return {
    reason:
      `${lost} % fewer ${nounOf[channel]}: ${now} a week over the last eight weeks (the latest four count triple), ` +
      `usually ${before}. That is ${unusual}. What all clients did alike is taken out.`,
    evidence: {
      expected: before,
      observed: now,
      unit: `${nounOf[channel]} a week`,
      window: "last eight weeks, the latest four counting triple",
      unusual,
      model: "self-scaled drop score, fast preset",
      values: {
        score: latest.alarmScore,
        threshold,
        ratio: latest.ratio,
        usual_wobble: latest.usualWobble,
        weeks_of_silence: latest.R,
        baseline: episode.baselineAtOpening,
      },
    },
  };
}

export function describeDropEnd(episode: DropEpisode, channel: Channel): string {
  if (episode.closeReason === "new_level") {
    return `Half a year has passed since the drop: ${round(episode.latest.levelNow)} ${nounOf[channel]} a week is the new normal level.`;
  }
  return (
    `Recovered: the last four weeks hold 70 % or more of the level before the drop ` +
    `(${round(episode.baselineAtOpening)} ${nounOf[channel]} a week).`
  );
}

export function describeSilence(silence: MonitoredSilence, channel: Channel, lastAtMs: number): Description {
  const gap = Math.round(silence.gapDays);
  const usual = round(silence.expectedGapDays);
  const years = 1 / ((silence.tailProbability * daysInYear) / silence.expectedGapDays);
  const unusual = `by chance a client with this rhythm pauses so long once in ${years >= 100 ? "more than 100" : round(years)} years`;
  const held = Math.round(silence.gapDays - silence.effectiveGapDays);
  return {
    reason:
      `${noOf[channel]} for ${gap} days (last on ${day(lastAtMs)}), usually every ${usual} days: ` +
      `${round(silence.timesExpected)} times as long; ${unusual}.` +
      (held > 0 ? ` ${held} days in which the source was broken are not counted.` : ""),
    evidence: {
      expected: usual,
      observed: round(silence.effectiveGapDays),
      unit: "days between active days",
      window: `since ${day(lastAtMs)}`,
      unusual,
      model: "budgeted silence, gamma-Poisson",
      values: {
        tail_probability: silence.tailProbability,
        tail_threshold: silence.tailThreshold,
        critical_gap_days: silence.criticalGapDays,
        repeats: silence.repeats,
      },
    },
  };
}

export function describeReturn(silence: SilenceFinding, channel: Channel, lastAtMs: number): Description {
  const what = channel === "orders" ? "Ordered again" : "Active again";
  const reason =
    silence.state === "unmonitored" ? "No longer watched: too few repeats." : `${what} on ${day(lastAtMs)}.`;
  return { reason, evidence: undefined };
}
