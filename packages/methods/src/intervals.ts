/** A stretch of time in epoch milliseconds, [startMs, endMs); endMs undefined while it goes on. */
export interface OpenInterval {
  readonly startMs: number;
  readonly endMs: number | undefined;
}

/**
 * Sorted, disjoint intervals covering the same time; empty ones go. O(n log n).
 *
 * @throws RangeError on NaN
 */
export function mergeIntervals(intervals: readonly OpenInterval[]): { startMs: number; endMs: number }[] {
  const closed = intervals.map(({ startMs, endMs }) => ({ startMs, endMs: endMs ?? Number.POSITIVE_INFINITY }));
  const merged: { startMs: number; endMs: number }[] = [];
  for (const next of closed.sort((a, b) => a.startMs - b.startMs)) {
    if (Number.isNaN(next.startMs) || Number.isNaN(next.endMs)) throw new RangeError("interval bound is NaN");
    if (next.endMs <= next.startMs) continue;
    const last = merged.at(-1);
    if (last !== undefined && next.startMs <= last.endMs) last.endMs = Math.max(last.endMs, next.endMs);
    else merged.push(next);
  }
  return merged;
}

/** Milliseconds between fromMs and toMs that no interval covers (0 when toMs <= fromMs). */
export function uncoveredMs(intervals: readonly OpenInterval[], fromMs: number, toMs: number): number {
  let covered = 0;
  for (const { startMs, endMs } of mergeIntervals(intervals)) {
    covered += Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs));
  }
  return Math.max(0, toMs - fromMs) - covered;
}

/**
 * The time at which `durationMs` have passed since fromMs on a clock that stands still inside the intervals; undefined
 * when an interval without an end comes first. The inverse of uncoveredMs.
 */
export function advanceClock(
  intervals: readonly OpenInterval[],
  fromMs: number,
  durationMs: number,
): number | undefined {
  let deadlineMs = fromMs + durationMs;
  for (const { startMs, endMs } of mergeIntervals(intervals)) {
    if (endMs <= fromMs) continue;
    if (startMs >= deadlineMs) break;
    if (endMs === Number.POSITIVE_INFINITY) return undefined;
    deadlineMs += endMs - Math.max(startMs, fromMs);
  }
  return deadlineMs;
}
