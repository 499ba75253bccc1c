import { type Channel, channels } from "@keypulse/contracts";
import {
  calibrateDropThreshold,
  type DropPreset,
  defaultGammaPrior,
  dropPresets,
  dropThreshold,
  findOutages,
  fitGammaPoissonPrior,
  type GammaPrior,
  type OpenInterval,
  type PanelWeeks,
  panelWeeks,
  type SourceContinuity,
  type WeeklyHistory,
} from "@keypulse/methods";
import { type Calendar, weekOfDay } from "./calendar.ts";
import type { ChannelHistory, ClientHistory } from "./clientHistory.ts";

/** A source counts as one that a channel of a client hangs on from this share of its activity. */
export const mainSourceShare = 0.3;
const dayMs = 86_400_000;

export interface ChannelContext {
  panel: PanelWeeks | undefined;
  threshold: number;
  prior: GammaPrior;
}

/** What all clients have in common; made from their histories, the same for everybody. */
export interface PanelContext {
  /** Last complete week. */
  lastWeek: number;
  preset: DropPreset;
  channels: Record<Channel, ChannelContext>;
  /** Clients that each source is a main source of. */
  sourceClients: Map<string, number>;
}

/** A client's weekly counts in a channel, up to the last complete week. @returns undefined where all is later. */
export function weeklyHistory(channel: ChannelHistory, lastWeek: number): WeeklyHistory | undefined {
  const firstWeek = weekOfDay(channel.days[0]!);
  if (firstWeek > lastWeek) return undefined;
  const counts = new Array<number>(lastWeek - firstWeek + 1).fill(0);
  for (const [i, day] of channel.days.entries()) {
    const week = weekOfDay(day) - firstWeek;
    if (week < counts.length) counts[week]! += channel.counts[i]!;
  }
  return { firstWeek, counts };
}

/** Fits what is common to all clients. O(clients × weeks). */
export function buildPanelContext(
  histories: readonly ClientHistory[],
  lastWeek: number,
  asOfMs: number,
  dropBudget: number,
): PanelContext {
  const preset = dropPresets.fast;
  const contextOf = (name: Channel): ChannelContext => {
    const own = histories.flatMap((history) => history.channels[name] ?? []);
    const weekly = own.flatMap((channel) => weeklyHistory(channel, lastWeek) ?? []);
    const panel = weekly.length > 0 ? panelWeeks(weekly, lastWeek, preset) : undefined;
    const calibrated = panel && calibrateDropThreshold(weekly, panel, preset, dropBudget);
    const repeats = own.map((channel) => ({
      repeats: channel.days.length - 1,
      exposure: Math.max(0, asOfMs - channel.firstAtMs) / dayMs,
    }));
    return {
      panel,
      threshold: nearTable(calibrated?.threshold, dropThreshold(dropBudget, preset)),
      prior: repeats.length > 0 ? fitGammaPoissonPrior(repeats).prior : defaultGammaPrior,
    };
  };
  const sourceClients = new Map<string, number>();
  for (const history of histories) {
    const main = new Set(channels.flatMap((name) => mainSources(history.channels[name])));
    for (const source of main) sourceClients.set(source, (sourceClients.get(source) ?? 0) + 1);
  }
  return { lastWeek, preset, channels: { orders: contextOf("orders"), all: contextOf("all") }, sourceClients };
}

/**
 * The company's own threshold, at most half or twice the study's: a short or very regular history would else set a line
 * that any week crosses, or none ever.
 */
function nearTable(calibrated: number | undefined, table: number): number {
  return calibrated === undefined ? table : Math.min(Math.max(calibrated, table / 2), table * 2);
}

export function mainSources(channel: ChannelHistory | undefined): string[] {
  if (channel === undefined) return [];
  return [...channel.sourceShares].filter(([, share]) => share >= mainSourceShare).map(([source]) => source);
}

/** When each source was broken, and which one is suspiciously quiet now. */
export class SourceWatch {
  readonly #continuity = new Map<string, SourceContinuity>();

  /** @param activeHours epoch hours with events, by source, ascending. */
  constructor(activeHours: ReadonlyMap<string, number[]>, asOfMs: number) {
    for (const [source, hours] of activeHours) {
      // Events that are dated a little ahead must not make "now" lie before the last one.
      const nowMs = Math.max(asOfMs, ((hours.at(-1) ?? 0) + 1) * 3_600_000);
      this.#continuity.set(source, findOutages(hours, nowMs));
    }
  }

  outages(sources: readonly string[]): OpenInterval[] {
    return sources.flatMap((source) => [...(this.#continuity.get(source)?.outages ?? [])]);
  }

  /** The first of these sources that is quieter than it ever is, if any: what it would say now is not known. */
  suspect(sources: readonly string[]): string | undefined {
    return sources.find((source) => {
      const state = this.#continuity.get(source)?.openGap?.state;
      return state === "unusual" || state === "outage";
    });
  }

  /** Sources that are suspect now. */
  suspects(): string[] {
    return [...this.#continuity.keys()].filter((source) => this.suspect([source]) !== undefined);
  }
}

/** Weeks of which at least two days fell into an outage: they say nothing about the client. */
export function brokenWeeks(outages: readonly OpenInterval[], calendar: Calendar, asOfMs: number): Set<number> {
  const broken = new Set<number>();
  for (const { startMs, endMs = asOfMs } of outages) {
    for (let week = calendar.weekOf(startMs); week <= calendar.weekOf(endMs); week++) {
      const from = Math.max(startMs, calendar.weekStartMs(week));
      const to = Math.min(endMs, calendar.weekStartMs(week + 1));
      if (to - from >= 2 * dayMs) broken.add(week);
    }
  }
  return broken;
}
