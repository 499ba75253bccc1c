import type { OpenInterval } from "../intervals.ts";
import { findOutages, type Outage, type SourceContinuity } from "../outages.ts";
import type { SourceCalendar } from "../sourceClock.ts";
import type { Calendar } from "./calendar.ts";
import type { ChannelHistory } from "./channelHistory.ts";

/** A source counts as one that a channel of a client hangs on from this share of its activity. */
export const MAIN_SOURCE_SHARE = 0.3;
const dayMs = 86_400_000;

/** The sources that a client's channel hangs on. */
export function mainSources(channel: Pick<ChannelHistory, "sourceShares"> | undefined): string[] {
  if (channel === undefined) return [];
  return [...channel.sourceShares].filter(([, share]) => share >= MAIN_SOURCE_SHARE).map(([source]) => source);
}

/** When each source was broken, and which one is suspiciously quiet now. */
export class SourceWatch {
  readonly #continuity = new Map<string, SourceContinuity>();

  /**
   * @param activeHours epoch hours with events, by source, ascending.
   * @param calendar of the workspace, whose nights and weekends its sources keep
   */
  constructor(activeHours: ReadonlyMap<string, readonly number[]>, asOfMs: number, calendar: SourceCalendar) {
    for (const [source, hours] of activeHours) {
      // Events that are dated a little ahead must not make "now" lie before the last one.
      const nowMs = Math.max(asOfMs, ((hours.at(-1) ?? 0) + 1) * 3_600_000);
      this.#continuity.set(source, findOutages(hours, nowMs, calendar));
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

  /** The outage of a source that goes on, with the time at which it was known to be one. */
  outageNow(source: string): { readonly outage: Outage; readonly knownMs: number } | undefined {
    const continuity = this.#continuity.get(source);
    const outage = continuity?.outages.at(-1);
    const knownMs = continuity?.openGap?.deadlineMs;
    return outage === undefined || outage.endMs !== undefined || knownMs === undefined
      ? undefined
      : { outage, knownMs };
  }

  /** Sources that are suspect now. */
  suspects(): string[] {
    return [...this.#continuity.keys()].filter((source) => this.suspect([source]) !== undefined);
  }
}

/** Weeks of which at least two days fell into an outage or an absence: they say nothing about the client. */
export function brokenWeeks(intervals: readonly OpenInterval[], calendar: Calendar, asOfMs: number): Set<number> {
  const broken = new Set<number>();
  for (const { startMs, endMs = asOfMs } of intervals) {
    for (let week = calendar.weekOf(startMs); week <= calendar.weekOf(endMs); week++) {
      const from = Math.max(startMs, calendar.weekStartMs(week));
      const to = Math.min(endMs, calendar.weekStartMs(week + 1));
      if (to - from >= 2 * dayMs) broken.add(week);
    }
  }
  return broken;
}
