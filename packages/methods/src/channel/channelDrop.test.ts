import { describe, expect, it } from "vitest";
import { dropPresets } from "../dropScore.ts";
import { poissonCount, seededRandom } from "../random.ts";
import { createCalendar } from "./calendar.ts";
import { silenceHistoryOf } from "./channelContext.ts";
import { channelDrop } from "./channelDrop.ts";
import { brokenWeeks } from "./sourceWatch.ts";

const calendar = createCalendar("Europe/Berlin");
const firstWeek = 2800;
const dayMs = 86_400_000;
const context = {
  preset: dropPresets.fast,
  panel: { firstWeek, factors: new Array<number>(80).fill(1), spreadFactors: new Array<number>(80).fill(1) },
  threshold: 1.35,
  prior: { r: 1, alpha: 30 },
};

/** Six events a week, but for the weeks in which they are away. */
function channel(seed: number, isAway: (week: number) => boolean) {
  const random = seededRandom(seed);
  const days: number[] = [];
  const counts: number[] = [];
  for (let week = 0; week < 60; week++) {
    for (let day = 0; day < 5; day++) {
      const count = week === 0 && day === 0 ? 1 : poissonCount(1.2, random);
      if (count === 0 || isAway(week)) continue;
      days.push((firstWeek + week) * 7 - 3 + day);
      counts.push(count);
    }
  }
  const firstAtMs = calendar.dayStartMs(days[0]!);
  return { days, counts, firstAtMs, lastAtMs: calendar.dayStartMs(days.at(-1)!), sourceShares: new Map() };
}

describe("a known absence", () => {
  const away = { startMs: calendar.weekStartMs(firstWeek + 40), endMs: calendar.weekStartMs(firstWeek + 43) };
  const isAway = (week: number) => week >= 40 && week < 43;
  const asOfMs = calendar.weekStartMs(firstWeek + 60);
  const alarms = (absences: readonly { startMs: number; endMs: number | undefined }[]) =>
    Array.from({ length: 100 }, (_, seed) => {
      const drops = channelDrop(
        channel(seed, isAway),
        context.panel,
        context,
        absences,
        calendar,
        firstWeek + 59,
        asOfMs,
      );
      return drops!.episodes.filter(({ openedWeek }) => openedWeek >= 40 && openedWeek < 50).length;
    }).reduce((sum, count) => sum + count, 0);

  it("of three weeks raises nothing that it would raise unknown", () => {
    expect(alarms([])).toBeGreaterThan(50);
    expect(alarms([away])).toBeLessThanOrEqual(2);
  });

  it("holds what goes on, and hides a real fall only while it lasts", () => {
    const gone = channel(7, (week) => week >= 40);
    const look = (absences: readonly { startMs: number; endMs: number | undefined }[]) =>
      channelDrop(gone, context.panel, context, absences, calendar, firstWeek + 59, asOfMs)!.openEpisode;
    expect(look([{ startMs: away.startMs, endMs: undefined }])).toBeUndefined();
    expect(look([away])!.openedWeek).toBeGreaterThanOrEqual(43);
  });

  it("breaks the weeks of which it takes two days or more, also when clocks change", () => {
    // Clocks go forward on 2024-03-31: a Sunday of 23 hours.
    const sunday = Date.parse("2024-03-30T23:00:00Z");
    const week = calendar.weekOf(sunday);
    const weeksOf = (startMs: number, endMs: number) => [...brokenWeeks([{ startMs, endMs }], calendar, asOfMs)];
    expect(weeksOf(sunday - dayMs, calendar.weekStartMs(week + 1))).toEqual([]);
    expect(weeksOf(sunday - dayMs - 3_600_000, calendar.weekStartMs(week + 1))).toEqual([week]);
    expect(weeksOf(sunday - 2 * dayMs, sunday + 4 * dayMs)).toEqual([week, week + 1]);
  });
});

it("silence knows of a channel its active days and how evenly they lie", () => {
  const history = silenceHistoryOf({ days: [100, 110, 120], firstAtMs: 1, lastAtMs: 5 });
  expect(history).toEqual({ activeDays: 3, firstActiveMs: 1, lastActiveMs: 5, sumLogGapDays: 2 * Math.log(10) });
});
