import { type Calendar, weekOfDay } from "../channel/calendar.ts";
import { calendarWeeks } from "../channel/calendarWeeks.ts";
import { fitSilencePrior, NO_SEGMENT } from "../channel/channelContext.ts";
import { channelFactors } from "../channel/channelDrop.ts";
import { weeklyHistory } from "../channel/channelHistory.ts";
import { mainSources, type SourceWatch } from "../channel/sourceWatch.ts";
import { dropBaselines, monitoredByWeek } from "../dropBaseline.ts";
import { type PanelWeeks, panelWeeks } from "../dropPanel.ts";
import { type DropPreset, dropPresets } from "../dropScore.ts";
import type { OpenInterval } from "../intervals.ts";
import { alignWeeks, MIN_PEERS, type PeerFactors } from "../peerFactor.ts";
import type { SilencePrior } from "../silence.ts";
import type { EventDays } from "./eventDays.ts";
import { createWeekClock, type WeekClock } from "./weekClock.ts";

/** Clients of half an event a week or more, and rarer ones with three repeats: who is watched by which detector. */
export const groups = ["frequent", "rare"] as const;
export type Group = (typeof groups)[number];

/** Weeks after the last event for which a rare client still counts as watched. */
const RARE_WEEKS = 26;
const MIN_REPEATS = 3;
const WEEKS_A_FIT = 8;
const weekMs = 7 * 86_400_000;

/** A client with all that rules look at, by week from the week of its first event to the last complete one. */
export interface ReplayClient {
  readonly events: EventDays;
  readonly firstWeek: number;
  readonly counts: readonly number[];
  /** 0 in weeks that an outage of the client's sources, or an absence, broke. */
  readonly factors: readonly number[];
  readonly spreadFactors: readonly number[];
  readonly absences: readonly OpenInterval[];
  /** Who is watched in each week, and the level that alarms are judged by, events a week. */
  readonly watched: Readonly<Record<Group, readonly boolean[]>>;
  readonly levels: Readonly<Record<Group, readonly (number | undefined)[]>>;
}

/** A channel's history as it was at each of its weeks. */
export interface ReplayPanel {
  readonly clients: readonly ReplayClient[];
  readonly lastWeek: number;
  readonly untilMs: number;
  readonly clock: WeekClock;
  /** The prior of silence that was known at a time: refitted every eight weeks. */
  priorAt(ms: number): SilencePrior;
  /** A client with other events (planted drops), in the same panel. */
  replay(events: EventDays): ReplayClient | undefined;
}

export interface PanelInput {
  readonly clients: readonly EventDays[];
  readonly calendar: Calendar;
  /** Up to when all is known. */
  readonly untilMs: number;
  readonly sources: SourceWatch;
  /** Sources by how many clients hang on them; those of fewer than `minSourceClients` are not judged. */
  readonly minSourceClients: number;
  /** Times for which clients are known to be away, by client. */
  readonly absences?: ReadonlyMap<string, readonly OpenInterval[]>;
}

/** Peer factors, spread factors, priors and levels of a whole channel. O(clients · weeks). */
export function replayPanel(input: PanelInput): ReplayPanel {
  const { clients, calendar, untilMs, sources } = input;
  const lastWeek = calendar.weekOf(untilMs) - 1;
  const firstWeek = Math.min(lastWeek, ...chunkedMin(clients.map(({ days }) => weekOfDay(days[0]!))));
  const ofCalendar = calendarWeeks(clients, calendar, lastWeek);
  const fast = segmentPanels(clients, ofCalendar, lastWeek, dropPresets.fast);
  const steady = segmentPanels(clients, ofCalendar, lastWeek, dropPresets.steady);
  const clock = createWeekClock(calendar, firstWeek, lastWeek);
  const sourceClients = new Map<string, number>();
  for (const client of clients) {
    for (const source of mainSources(client)) sourceClients.set(source, (sourceClients.get(source) ?? 0) + 1);
  }
  const priors = priorsByTime(clients, clock, firstWeek, lastWeek);
  const replay = (events: EventDays): ReplayClient | undefined => {
    const judged = mainSources(events).filter((source) => sourceClients.get(source)! >= input.minSourceClients);
    const absences = [...sources.outages(judged), ...(input.absences?.get(events.client) ?? [])];
    const peers = { fast: fast(events.segment), steady: steady(events.segment) };
    return replayClient(events, { ...peers, calendar, untilMs, lastWeek }, absences);
  };
  return {
    clients: clients.flatMap((client) => replay(client) ?? []),
    lastWeek,
    untilMs,
    clock,
    priorAt: (ms) => priors[Math.max(0, Math.floor((clock.weekOf(ms) - firstWeek) / WEEKS_A_FIT))] ?? priors.at(-1)!,
    replay,
  };
}

/** The weeks of each client's peers, as fitChannelContext makes them: by segment. */
function segmentPanels(
  clients: readonly EventDays[],
  ofCalendar: PeerFactors | undefined,
  lastWeek: number,
  preset: DropPreset,
) {
  const weeklyOf = (list: readonly EventDays[]) => list.flatMap((client) => weeklyHistory(client, lastWeek) ?? []);
  const panel = panelWeeks(weeklyOf(clients), lastWeek, preset, ofCalendar);
  const bySegment = Map.groupBy(clients, ({ segment = NO_SEGMENT }) => segment);
  const segments = new Map(
    [...bySegment]
      .filter(([segment, list]) => segment !== NO_SEGMENT && list.length >= MIN_PEERS)
      .map(([segment, list]) => [segment, panelWeeks(weeklyOf(list), lastWeek, preset, panel)]),
  );
  return (segment = NO_SEGMENT): PanelWeeks => segments.get(segment) ?? panel;
}

function replayClient(
  events: EventDays,
  panel: { fast: PanelWeeks; steady: PanelWeeks; calendar: Calendar; untilMs: number; lastWeek: number },
  absences: readonly OpenInterval[],
): ReplayClient | undefined {
  if (events.days.length === 0) return undefined;
  const weekly = weeklyHistory(events, panel.lastWeek);
  if (weekly === undefined) return undefined;
  const { firstWeek, counts } = weekly;
  const factors = alignWeeks(panel.fast.factors, panel.fast.firstWeek, firstWeek);
  const away = { absences, calendar: panel.calendar, asOfMs: panel.untilMs };
  const frequentLevels = dropBaselines(counts);
  const frequent = monitoredByWeek(counts, frequentLevels);
  const rare = rareWeeks(events, firstWeek, frequent);
  return {
    events,
    firstWeek,
    counts,
    factors: (absences.length > 0 ? channelFactors(factors, firstWeek, away) : factors).slice(0, counts.length),
    spreadFactors: alignWeeks(panel.steady.spreadFactors, panel.steady.firstWeek, firstWeek).slice(0, counts.length),
    absences,
    watched: { frequent, rare: rare.watched },
    levels: { frequent: frequentLevels, rare: rare.levels },
  };
}

/** A rare client's level is its repeats over the time from its first event to its last so far. */
function rareWeeks(events: EventDays, firstWeek: number, frequent: readonly boolean[]) {
  const watched: boolean[] = [];
  const levels: (number | undefined)[] = [];
  let active = 0;
  for (let week = 0; week < frequent.length; week++) {
    while (active < events.days.length && weekOfDay(events.days[active]!) <= firstWeek + week) active++;
    const repeats = active - 1;
    const lastWeek = weekOfDay(events.days[repeats]!) - firstWeek;
    const spanWeeks = (events.lastMs[repeats]! - events.firstMs[0]!) / weekMs;
    const isWatched = repeats >= MIN_REPEATS && !frequent[week]! && week - lastWeek <= RARE_WEEKS;
    watched.push(isWatched);
    levels.push(repeats >= MIN_REPEATS ? repeats / Math.max(1, spanWeeks) : undefined);
  }
  return { watched, levels };
}

/** The prior as of the start of every eighth week, from what was known by then. */
function priorsByTime(
  clients: readonly EventDays[],
  clock: WeekClock,
  firstWeek: number,
  lastWeek: number,
): SilencePrior[] {
  const priors: SilencePrior[] = [];
  const known = clients.map(() => 0);
  for (let week = firstWeek; week <= lastWeek; week += WEEKS_A_FIT) {
    const asOfMs = clock.startMs(week);
    const soFar = clients.flatMap((client, i) => {
      while (known[i]! < client.days.length && client.lastMs[known[i]!]! < asOfMs) known[i]! += 1;
      return known[i]! > 0 ? [{ days: client.days.slice(0, known[i]!), firstAtMs: client.firstMs[0]! }] : [];
    });
    priors.push(fitSilencePrior(soFar, asOfMs));
  }
  return priors;
}

/** Math.min of a long list without a call of a hundred thousand arguments. */
function chunkedMin(values: readonly number[]): number[] {
  return values.length === 0 ? [] : [values.reduce((least, value) => Math.min(least, value))];
}
