import { dropBaselines, monitoredByWeek, peerFactors, trackEpisodes } from "@keypulse/methods";
import { seededRandom } from "@keypulse/testkit";
import type { Company } from "./company.ts";

/** What a rule sees of a company before it scores clients. */
export interface Panel {
  readonly company: Company;
  /** Peer factors by channel, and of all channels together. */
  readonly factors: readonly (readonly number[])[];
  readonly allFactors: readonly number[];
  /** Weeks from which a rule may learn what clients have in common. */
  readonly learnUntil: number;
}

/** A rule: what it learns of the panel, then a number by week for a client's counts by channel. */
export interface SimulatedRule {
  readonly title: string;
  learn(panel: Panel): (channels: readonly (readonly number[])[], segment: number) => (number | undefined)[];
}

/** A kind of drop: the share of a channel's events that is left, by weeks since it began. */
export interface PlantedKind {
  readonly name: string;
  readonly weeksToFind: number;
  kept(channel: number, weeks: number): number;
}

export interface Verdict {
  readonly threshold: number | undefined;
  readonly falseAlarmsPerClientYear: number | undefined;
  readonly kinds: readonly { readonly name: string; readonly recall: number; readonly delayWeeks: number }[];
}

const thresholds = Array.from({ length: 118 }, (_, i) => (2 + i) / 20);
const plantsAKind = 600;
const weeksAYear = 52;

/**
 * Every rule on the same company and plants at the same number of false alarms. Everything that is raised without a plant is
 * false: nobody leaves. "Set before": the line that kept the budget in the year before; "in hindsight": in the judged weeks.
 */
export function judgeRules(
  company: Company,
  rules: readonly SimulatedRule[],
  kinds: readonly PlantedKind[],
  budgets: readonly number[],
  periods: { readonly calibrate: readonly [number, number]; readonly report: readonly [number, number] },
) {
  const all = company.clients.map(together);
  const lastWeek = company.weeks - 1;
  const factorsOf = (counts: readonly (readonly number[])[]) =>
    peerFactors(
      counts.map((list) => ({ firstWeek: 0, counts: list })),
      lastWeek,
    ).factors;
  const channels = company.clients[0]!.length;
  const panel: Panel = {
    company,
    factors: Array.from({ length: channels }, (_, i) => factorsOf(company.clients.map((client) => client[i]!))),
    allFactors: factorsOf(all),
    learnUntil: periods.calibrate[1],
  };
  const plants = kinds.map((kind, i) => plant(company, kind, periods.report, seededRandom(100 + i)));
  return rules.map((rule) => {
    const score = rule.learn(panel);
    const opened = company.clients.map((client, i) => openings(client, score, company.segments[i]!));
    const rateAt = (i: number, [from, to]: readonly [number, number]) => {
      let weeks = 0;
      let alarms = 0;
      for (const { monitored, at } of opened) {
        for (let week = from; week <= to; week++) if (monitored[week]) weeks++;
        alarms += at(thresholds[i]!).filter(({ openedWeek }) => openedWeek >= from && openedWeek <= to).length;
      }
      return (alarms * weeksAYear) / weeks;
    };
    const lineWithin = (budget: number, period: readonly [number, number]) => {
      let chosen = thresholds.length;
      while (chosen > 0 && rateAt(chosen - 1, period) <= budget) chosen--;
      return chosen === thresholds.length ? undefined : chosen;
    };
    const planted = plants.map((list) =>
      list.map(({ client, segment, week }) => ({ week, ...openings(client, score, segment) })),
    );
    const verdict = (line: number | undefined): Verdict => ({
      threshold: line === undefined ? undefined : thresholds[line],
      falseAlarmsPerClientYear: line === undefined ? undefined : rateAt(line, periods.report),
      kinds: kinds.map(({ name, weeksToFind }, k) => ({
        name,
        ...(line === undefined
          ? { recall: 0, delayWeeks: Number.NaN }
          : found(planted[k]!, thresholds[line]!, weeksToFind)),
      })),
    });
    return {
      title: rule.title,
      hindsight: budgets.map((budget) => verdict(lineWithin(budget, periods.report))),
      setBefore: budgets.map((budget) => verdict(lineWithin(budget, periods.calibrate))),
    };
  });
}

function openings(client: readonly (readonly number[])[], score: ReturnType<SimulatedRule["learn"]>, segment: number) {
  const counts = together(client);
  const baselines = dropBaselines(counts);
  const monitored = monitoredByWeek(counts, baselines);
  const scores = score(client, segment);
  const known = new Map<number, ReturnType<typeof trackEpisodes>["episodes"]>();
  const at = (threshold: number) => {
    const episodes =
      known.get(threshold) ?? trackEpisodes({ counts, scores, baselines, monitored }, threshold).episodes;
    known.set(threshold, episodes);
    return episodes;
  };
  return { monitored, at };
}

function found(
  plants: readonly ({ readonly week: number } & ReturnType<typeof openings>)[],
  threshold: number,
  weeksToFind: number,
) {
  let met = 0;
  let hits = 0;
  let weeks = 0;
  for (const { week, at } of plants) {
    const episodes = at(threshold);
    // Those that meet an open episode are left out.
    if (episodes.some(({ openedWeek, closedWeek }) => openedWeek < week && (closedWeek ?? week) >= week)) continue;
    met++;
    const first = episodes.find(({ openedWeek }) => openedWeek >= week && openedWeek < week + weeksToFind);
    if (first === undefined) continue;
    hits++;
    weeks += first.openedWeek - week + 1;
  }
  return { recall: hits / met, delayWeeks: weeks / hits };
}

function plant(company: Company, kind: PlantedKind, [from, to]: readonly [number, number], random: () => number) {
  const plants: { client: number[][]; segment: number; week: number }[] = [];
  while (plants.length < plantsAKind) {
    const drawn = Math.floor(random() * company.clients.length);
    const client = company.clients[drawn]!;
    const week = from + Math.floor(random() * (to - from + 1 - kind.weeksToFind));
    const counts = together(client);
    if (!monitoredByWeek(counts, dropBaselines(counts))[week - 1]) continue;
    const changed = client.map((channel, i) =>
      channel.map((count, t) => (t < week ? count : binomial(count, kind.kept(i, t - week), random))),
    );
    plants.push({ client: changed, segment: company.segments[drawn]!, week });
  }
  return plants;
}

function binomial(count: number, share: number, random: () => number): number {
  let kept = 0;
  for (let i = 0; i < count; i++) if (random() < share) kept++;
  return kept;
}

export function together(channels: readonly (readonly number[])[]): number[] {
  return channels[0]!.map((_, week) => channels.reduce((sum, counts) => sum + counts[week]!, 0));
}
