import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advanceClock, mergeIntervals, uncoveredMs } from "./intervals.ts";

describe("a clock that stands still in intervals", () => {
  it("merges what overlaps or touches, in any order", () => {
    const merged = mergeIntervals([
      { startMs: 50, endMs: 60 },
      { startMs: 10, endMs: 20 },
      { startMs: 20, endMs: 30 },
      { startMs: 55, endMs: undefined },
      { startMs: 5, endMs: 5 },
    ]);
    expect(merged).toEqual([
      { startMs: 10, endMs: 30 },
      { startMs: 50, endMs: Number.POSITIVE_INFINITY },
    ]);
  });

  it("never arrives behind an interval without an end, unless it arrived before it", () => {
    const broken = [{ startMs: 100, endMs: undefined }];
    expect(advanceClock(broken, 0, 101)).toBeUndefined();
    expect(advanceClock(broken, 0, 100)).toBe(100);
  });

  it("advancing and measuring are inverse, whatever the intervals", () => {
    const interval = fc
      .tuple(fc.nat(1000), fc.nat(300))
      .map(([startMs, length]) => ({ startMs, endMs: startMs + length }));
    fc.assert(
      fc.property(
        fc.array(interval, { maxLength: 12 }),
        fc.nat(1000),
        fc.nat(1000),
        (intervals, fromMs, durationMs) => {
          const arrivedMs = advanceClock(intervals, fromMs, durationMs)!;
          expect(uncoveredMs(intervals, fromMs, arrivedMs)).toBe(durationMs);
        },
      ),
    );
  });
});
