import {
  type Calendar,
  type ChannelContext,
  type DropLine,
  type DropPreset,
  dropLine,
  fitChannelContext,
  fitLikelihoodShift,
  mainSources,
  NO_SEGMENT,
  type ResolvedDropAlarm,
} from "@keypulse/methods";
import { type ActivityChannel, activityChannels, type ClientHistory, kindChannels } from "./clientHistory.ts";

/** What all clients have in common; made from their histories, the same for everybody. */
export interface PanelContext {
  /** Last complete week. */
  lastWeek: number;
  /** The segment of each client that has one; its peers are those of the same. */
  segments: ReadonlyMap<string, string>;
  channels: Record<ActivityChannel, ChannelContext & { lines: ReadonlyMap<number, DropLine> }>;
  /** Shift of the likelihood of drops, fitted on what people said of them. */
  likelihoodShift: number;
  /** Clients that each source is a main source of. */
  sourceClients: Map<string, number>;
}

const leastDaysOfKind = 8;

/** The budget of drops in a channel: the three kinds of activity share one, for they are parts of the same. */
export function dropBudgetOf(channel: ActivityChannel, budget: number): number {
  return kindChannels.some((kind) => kind === channel) ? budget / kindChannels.length : budget;
}

/**
 * Fits what is common to all clients. O(clients × weeks), and 75 times as much for clients who are watched.
 * @param segments of clients that have one, by id
 * @param dropBudgets false alarms a client-year that are borne, of drops and growth; that of the workspace first
 * @param preset of the drop score
 * @param judgedDrops drops that people have said of whether they were real
 */
export function buildPanelContext(
  histories: readonly ClientHistory[],
  segments: ReadonlyMap<string, string>,
  lastWeek: number,
  asOfMs: number,
  calendar: Calendar,
  dropBudgets: readonly number[],
  preset: DropPreset,
  judgedDrops: readonly ResolvedDropAlarm[],
): PanelContext {
  const contextOf = (name: ActivityChannel) => {
    // Of a kind alone only those can be watched who did it now and then; they are each other's peers.
    const leastDays = kindChannels.some((kind) => kind === name) ? leastDaysOfKind : 1;
    const watched = histories.filter(({ channels }) => (channels[name]?.days.length ?? 0) >= leastDays);
    const bySegment = Map.groupBy(watched, ({ clientId }) => segments.get(clientId) ?? NO_SEGMENT);
    const own = new Map(
      [...bySegment].map(([segment, list]) => [segment, list.map(({ channels }) => channels[name]!)]),
    );
    const [usual, ...others] = dropBudgets.map((budget) => dropBudgetOf(name, budget)) as [number, ...number[]];
    const context = fitChannelContext(own, lastWeek, asOfMs, calendar, preset, usual);
    const lines = others.map((budget) => [budget, dropLine(context, budget)] as const);
    return { ...context, lines: new Map<number, DropLine>([[usual, context], ...lines]) };
  };
  const sourceClients = new Map<string, number>();
  for (const history of histories) {
    const main = new Set(activityChannels.flatMap((name) => mainSources(history.channels[name])));
    for (const source of main) sourceClients.set(source, (sourceClients.get(source) ?? 0) + 1);
  }
  return {
    lastWeek,
    segments,
    channels: {
      ...{ orders: contextOf("orders"), all: contextOf("all") },
      ...{ email: contextOf("email"), web: contextOf("web"), call: contextOf("call") },
    },
    likelihoodShift: fitLikelihoodShift(judgedDrops),
    sourceClients,
  };
}
