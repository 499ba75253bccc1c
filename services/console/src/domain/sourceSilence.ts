import { findOutages, type SourceCalendar } from "@keypulse/methods";
import type { SourceNumbers } from "../inputs/sourceNumbers.ts";
import { sayDuration } from "./durations.ts";
import type { Health } from "./sourceHealth.ts";

/** Gaps that a young source must have shown before its silence says anything. */
const fewestGaps = 20;
/** A young source's silence counts from here on: its longest gap so many times, and at least so long. */
const beyondLongest = 2;
const shortestSilenceMs = 10 * 60_000;
const hourMs = 3_600_000;

/**
 * Whether the source is silent for longer than its own gaps make likely. With two weeks of history the outages of
 * packages/methods decide (on the source's own clock, where nights and weekends hardly count); before, twice the longest
 * gap so far.
 */
export function judgeSilence(numbers: SourceNumbers, nowMs: number, calendar: SourceCalendar): Health | undefined {
  const silentMs = nowMs - (numbers.lastReceivedMs ?? nowMs);
  const silent = `No event for ${sayDuration(silentMs)}`;
  const gap = findOutages(numbers.activeHours, nowMs, calendar).openGap;
  if (gap?.thresholdHours !== undefined) {
    const threshold = sayDuration(gap.thresholdHours * hourMs);
    if (gap.state === "outage") {
      return { health: "broken", reason: `${silent}: far beyond its own gaps (an outage from ${threshold} on).` };
    }
    return isUnusual(numbers.activeHours, nowMs, calendar)
      ? { health: "quiet", reason: `${silent}: longer than its usual gaps (an outage from ${threshold} on).` }
      : undefined;
  }
  const gaps = gapsOf(numbers.arrivalsMs);
  const longest = Math.max(0, ...gaps);
  if (gaps.length < fewestGaps || silentMs <= Math.max(shortestSilenceMs, longest * beyondLongest)) return undefined;
  return { health: "quiet", reason: `${silent}: its longest gap so far was ${sayDuration(longest)}.` };
}

/**
 * Whether the silence has gone an hour beyond the usual: whole hours are what gaps are counted in, and who sends once an
 * hour is not quiet at the beginning of the next.
 */
function isUnusual(activeHours: readonly number[], nowMs: number, calendar: SourceCalendar): boolean {
  const askedMs = nowMs - hourMs;
  if ((activeHours.at(-1) ?? 0) * hourMs > askedMs) return false;
  return findOutages(activeHours, askedMs, calendar).openGap?.state !== "usual";
}

/** Median time between two arrivals; undefined with fewer than three events. */
export function typicalGapMs(arrivalsMs: readonly number[]): number | undefined {
  const gaps = gapsOf(arrivalsMs).toSorted((left, right) => left - right);
  if (gaps.length < 2) return undefined;
  const middle = gaps.length >> 1;
  return gaps.length % 2 === 1 ? gaps[middle]! : (gaps[middle - 1]! + gaps[middle]!) / 2;
}

/** @param arrivalsMs newest first */
const gapsOf = (arrivalsMs: readonly number[]): number[] =>
  arrivalsMs.slice(1).map((earlier, index) => arrivalsMs[index]! - earlier);
