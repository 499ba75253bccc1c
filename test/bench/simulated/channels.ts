import { dropBaselines, dropPresets, monitoredByWeek, replayDropWeeks } from "@keypulse/methods";
import type { ChannelLaw, CompanyLaw } from "./company.ts";
import { type Panel, type PlantedKind, type SimulatedRule, together } from "./judge.ts";

const laws: readonly ChannelLaw[] = [
  { name: "mail", rate: 3, used: 0.9, burstShape: 3 },
  { name: "web", rate: 4, used: 0.7, burstShape: 1.2 },
  { name: "calls", rate: 0.8, used: 0.6, burstShape: 4 },
  { name: "orders", rate: 0.8, used: 0.8, burstShape: 8 },
];
const orders = 3;
/** Weeks between the channel that falls first and the others. */
const lag = 6;

export function channelLaws(clients: number): Record<string, CompanyLaw> {
  const law = { clients, weeks: 160, scales: [0.3, 3] as const, season: { kind: "none" } as const };
  const even = laws.map((channel) => ({ ...channel, burstShape: 6 }));
  const noisyWeb = laws.map((channel) => (channel.name === "web" ? { ...channel, rate: 12, burstShape: 1 } : channel));
  return {
    "four channels": { ...law, channels: laws },
    "four channels, none noisy": { ...law, channels: even },
    "four channels, the loudest noise": { ...law, channels: noisyWeb },
  };
}

/** All channels at once, or one of them six weeks before the others: found is what is found before these follow. */
export function channelKinds(atOnce: readonly PlantedKind[]): PlantedKind[] {
  const first = (name: string): PlantedKind => {
    const falls = laws.findIndex((channel) => channel.name === name);
    return {
      name: `${name} first`,
      weeksToFind: lag,
      kept: (channel, weeks) => (channel === falls || weeks >= lag ? 0.1 : 1),
    };
  };
  return [...atOnce, first("mail"), first("orders")];
}

type Scores = readonly (number | undefined)[];
const scoresOf = (counts: readonly number[], factors: readonly number[]): (number | undefined)[] =>
  replayDropWeeks(counts, factors, { preset: dropPresets.fast }).scores.map((score) => score?.alarmScore);

/** Scores of the channels that are watched in each week; undefined elsewhere. */
function watchedScores({ factors }: Panel, channels: readonly (readonly number[])[]): Scores[] {
  return channels.map((counts, i) => {
    const monitored = monitoredByWeek(counts, dropBaselines(counts));
    return scoresOf(counts, factors[i]!).map((score, week) => (monitored[week] ? score : undefined));
  });
}

/** Means, variances and correlations of channels' scores over all clients and the weeks to learn from. */
function momentsOf(panel: Panel) {
  const count = panel.factors.length;
  const scores = panel.company.clients.map((client) => watchedScores(panel, client));
  const over = (i: number, j: number, number: (a: number, b: number) => number): number => {
    let sum = 0;
    let weeks = 0;
    for (const client of scores) {
      for (let week = 0; week <= panel.learnUntil; week++) {
        const [a, b] = [client[i]![week], client[j]![week]];
        if (a === undefined || b === undefined) continue;
        sum += number(a, b);
        weeks++;
      }
    }
    return weeks > 0 ? sum / weeks : 0;
  };
  const indices = Array.from({ length: count }, (_, i) => i);
  const means = indices.map((i) => over(i, i, (a) => a));
  const covariance = indices.map((i) => indices.map((j) => over(i, j, (a, b) => (a - means[i]!) * (b - means[j]!))));
  return { means, covariance };
}

/**
 * Stouffer's sum of channels' scores, divided by its standard deviation as the panel's covariance has it: channels that
 * fall together by chance count less. Weights are the roots of the channel's events a week, or equal.
 */
function stouffer(weighed: "equally" | "by events"): SimulatedRule {
  return {
    title: `Stouffer's sum, ${weighed}`,
    learn: (panel) => {
      const { means, covariance } = momentsOf(panel);
      return (channels) => {
        const scores = watchedScores(panel, channels);
        const levels = channels.map((counts) => dropBaselines(counts));
        return channels[0]!.map((_, week) => {
          const there = scores.flatMap((channel, i) => (channel[week] === undefined ? [] : [i]));
          if (there.length === 0) return undefined;
          const weight = (i: number) => (weighed === "equally" ? 1 : Math.sqrt(levels[i]![week] ?? 0.5));
          let sum = 0;
          let variance = 0;
          for (const i of there) {
            sum += weight(i) * (scores[i]![week]! - means[i]!);
            for (const j of there) variance += weight(i) * weight(j) * covariance[i]![j]!;
          }
          return sum / Math.sqrt(variance);
        });
      };
    },
  };
}

const largest = (lists: readonly Scores[]): (number | undefined)[] =>
  lists[0]!.map((_, week) =>
    lists.reduce<number | undefined>(
      (most, list) => (list[week] === undefined ? most : Math.max(most ?? Number.NEGATIVE_INFINITY, list[week])),
      undefined,
    ),
  );
const summed =
  (panel: Panel) =>
  (channels: readonly (readonly number[])[]): Scores =>
    scoresOf(together(channels), panel.allFactors);

export const channelRules: readonly SimulatedRule[] = [
  { title: "all events together", learn: (panel) => (channels) => [...summed(panel)(channels)] },
  {
    title: "all together, or orders (as live)",
    learn: (panel) => (channels) => largest([summed(panel)(channels), watchedScores(panel, channels)[orders]!]),
  },
  { title: "worst channel", learn: (panel) => (channels) => largest(watchedScores(panel, channels)) },
  stouffer("equally"),
  stouffer("by events"),
  {
    title: "mean of all together and Stouffer's",
    learn: (panel) => {
      const score = stouffer("equally").learn(panel);
      return (channels, segment) => {
        const all = summed(panel)(channels);
        return score(channels, segment).map((number, week) => {
          const other = all[week];
          return number === undefined || other === undefined ? other : (number + other) / 2;
        });
      };
    },
  },
];
