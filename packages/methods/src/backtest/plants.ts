import { weekOfDay } from "../channel/calendar.ts";
import { JUDGEMENT_WEEKS } from "../judge.ts";
import { thinned } from "./eventDays.ts";
import type { Opening } from "./openings.ts";
import type { Group, ReplayClient, ReplayPanel } from "./panel.ts";
import type { Period } from "./periods.ts";

/** Drops that are planted into real histories: silence, to 25 %, to 50 %, and slowly from 100 to 25 % over 12 weeks. */
export const plantKinds = ["silence", "drop75", "drop50", "slow"] as const;
export type PlantKind = (typeof plantKinds)[number];

export interface Plant {
  readonly kind: PlantKind;
  /** The client as it would have been. */
  readonly client: ReplayClient;
  /** First week of the drop, in the panel's numbering. */
  readonly week: number;
}

/** How much is kept, by weeks since the drop began. */
const keptShare: Record<PlantKind, (weeks: number) => number> = {
  silence: () => 0,
  drop75: () => 0.25,
  drop50: () => 0.5,
  slow: (weeks) => Math.max(0.25, 1 - (0.75 * (weeks + 1)) / 12),
};

const HELD_SHARE = 0.7;
const WEEKS_BEFORE = 8;
const MOST_A_CLIENT = 6;
/** An episode that opens within so many weeks found the drop. */
export const weeksToFind: Record<PlantKind, number> = { silence: 13, drop75: 13, drop50: 13, slow: 18 };

/**
 * Plants up to `most` drops of a kind: a client and week at random, at most six a client, where the client is watched
 * and the 8 weeks before and 13 after hold 70 % of its level; from then on its events are thinned binomially.
 */
export function plantDrops(
  panel: ReplayPanel,
  group: Group,
  period: Period,
  kind: PlantKind,
  most: number,
  random: () => number,
): Plant[] {
  const places = panel.clients.flatMap((client) => placesIn(client, group, period, panel.lastWeek, kind));
  shuffle(places, random);
  const perClient = new Map<ReplayClient, number>();
  const plants: Plant[] = [];
  for (const { client, week } of places) {
    if (plants.length >= most) break;
    const before = perClient.get(client) ?? 0;
    if (before >= MOST_A_CLIENT) continue;
    perClient.set(client, before + 1);
    const share = (day: number) => (weekOfDay(day) < week ? 1 : keptShare[kind](weekOfDay(day) - week));
    const changed = panel.replay(thinned(client.events, share, random));
    if (changed !== undefined) plants.push({ kind, client: changed, week });
  }
  return plants;
}

function placesIn(client: ReplayClient, group: Group, period: Period, lastWeek: number, kind: PlantKind) {
  const { firstWeek, counts } = client;
  const watched = client.watched[group];
  const levels = client.levels[group];
  const places: { client: ReplayClient; week: number }[] = [];
  const to = Math.min(period.toWeek, lastWeek - weeksToFind[kind] + 1);
  for (let week = Math.max(period.fromWeek, firstWeek + WEEKS_BEFORE); week <= to; week++) {
    const index = week - firstWeek;
    const level = levels[index - 1];
    if (!watched[index - 1] || level === undefined || level === 0) continue;
    const holds = (from: number, weeks: number) => mean(counts, from, weeks) >= HELD_SHARE * level;
    if (holds(index - WEEKS_BEFORE, WEEKS_BEFORE) && holds(index, JUDGEMENT_WEEKS)) places.push({ client, week });
  }
  return places;
}

/** Delay in weeks until a plant was found; "missed", or "open" where an earlier episode was still open. */
export function delayOf(plant: Plant, openings: readonly Opening[], panel: ReplayPanel): number | "missed" | "open" {
  const fromMs = panel.clock.startMs(plant.week);
  const toMs = panel.clock.startMs(plant.week + weeksToFind[plant.kind]);
  if (openings.some(({ atMs, closedMs }) => atMs <= fromMs && (closedMs === undefined || closedMs > fromMs))) {
    return "open";
  }
  const first = openings.find(({ atMs }) => atMs > fromMs && atMs <= toMs);
  return first === undefined ? "missed" : (first.atMs - fromMs) / (7 * 86_400_000);
}

function mean(counts: readonly number[], from: number, weeks: number): number {
  let sum = 0;
  for (let week = from; week < from + weeks; week++) sum += counts[week]!;
  return sum / weeks;
}

/** Fisher–Yates. */
function shuffle<T>(list: T[], random: () => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
}
