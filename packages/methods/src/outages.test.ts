import { describe, expect, it } from "vitest";
import { GapRanks } from "./gapRanks.ts";
import { findOutages } from "./outages.ts";

const HOUR_MS = 3_600_000;
/** Monday 2026-01-05 00:00 UTC. */
const monday = Date.UTC(2026, 0, 5) / HOUR_MS;

function hoursWhere(weeks: number, active: (hourOfDay: number, dayOfWeek: number, hour: number) => boolean): number[] {
  const hours: number[] = [];
  for (let i = 0; i < weeks * 168; i++) {
    if (active(i % 24, Math.floor(i / 24) % 7, i)) hours.push(monday + i);
  }
  return hours;
}

const office = (weeks: number) => hoursWhere(weeks, (hour, day) => day < 5 && hour >= 8 && hour < 18);
const roundTheClock = (weeks: number) => hoursWhere(weeks, () => true);

function without(hours: readonly number[], from: number, to: number): number[] {
  return hours.filter((hour) => hour < monday + from || hour >= monday + to);
}

function at(hour: number): number {
  return (monday + hour) * HOUR_MS;
}

describe("a source that is well", () => {
  it("may sleep at night and over the weekend", () => {
    const { outages, openGap } = findOutages(office(26), at(26 * 168));
    expect(outages).toEqual([]);
    // Monday 00:00, 54 hours after Friday's last event.
    expect(openGap).toMatchObject({ state: "usual", gapHours: 54, thresholdHours: 124 });
  });

  it("may close one day a week and never pause otherwise", () => {
    const sixDays = hoursWhere(26, (_, day) => day < 6);
    expect(findOutages(sixDays, at(26 * 168)).outages).toEqual([]);
  });

  it("may pause for six hours though it never did before", () => {
    const paused = without(roundTheClock(10), 1200, 1206);
    expect(findOutages(paused, at(10 * 168)).outages).toEqual([]);
    expect(findOutages(without(paused, 1206, 1207), at(10 * 168)).outages).toHaveLength(1);
  });

  it("may send only a few events a week, at any hour", () => {
    const sparse = Array.from({ length: 78 }, (_, i) => monday + i * 56 + ((i * 17) % 40));
    expect(findOutages(sparse, at(26 * 168)).outages).toEqual([]);
  });
});

describe("an outage", () => {
  it("is found where a round-the-clock source stops for a night", () => {
    const { outages, openGap } = findOutages(without(roundTheClock(10), 1000, 1012), at(10 * 168));
    expect(outages).toEqual([{ startMs: at(1000), endMs: at(1012), gapHours: 12, thresholdHours: 6 }]);
    expect(openGap).toMatchObject({ state: "usual", gapHours: 0 });
  });

  it("is found where an office source misses a week", () => {
    const { outages } = findOutages(without(office(20), 15 * 168, 16 * 168), at(20 * 168));
    expect(outages).toHaveLength(1);
    // From Friday 18:00 to the Monday after next 08:00.
    expect(outages[0]).toMatchObject({ startMs: at(14 * 168 + 4 * 24 + 18), endMs: at(16 * 168 + 8) });
  });

  it("is going on, without an end, while the source has not returned", () => {
    const hours = roundTheClock(10).filter((hour) => hour < monday + 1500);
    const waiting = findOutages(hours, at(1506));
    expect(waiting.outages).toEqual([]);
    expect(waiting.openGap).toMatchObject({ state: "unusual", deadlineMs: at(1506) + 1 });
    const broken = findOutages(hours, waiting.openGap!.deadlineMs!);
    expect(broken.outages).toMatchObject([{ startMs: at(1500), endMs: undefined, thresholdHours: 6 }]);
    expect(broken.openGap!.state).toBe("outage");
    const returned = findOutages([...hours, monday + 1530], at(1531));
    expect(returned.outages).toMatchObject([{ startMs: at(1500), endMs: at(1530), gapHours: 30 }]);
    expect(returned.openGap!.state).toBe("usual");
  });

  it("does not make the next one look usual", () => {
    let hours = office(26);
    for (const week of [6, 9, 12, 15, 18]) hours = without(hours, week * 168, (week + 1) * 168);
    const { outages } = findOutages(hours, at(26 * 168));
    expect(outages).toHaveLength(5);
    expect(new Set(outages.map((outage) => outage.thresholdHours))).toEqual(new Set([124]));
  });

  it("turns into rhythm when it comes back every week: closed on Sundays from now on", () => {
    const newlyClosed = hoursWhere(26, (_, day, i) => i < 10 * 168 || day < 6);
    const { outages } = findOutages(newlyClosed, at(26 * 168));
    expect(outages.map((outage) => outage.startMs)).toEqual([10, 11, 12].map((week) => at(week * 168 + 6 * 24)));
  });

  it("is compared with the trailing 26 weeks only: a source that grew busy is held to that", () => {
    const grown = hoursWhere(60, (hour, day, i) => (i < 20 * 168 ? day < 5 && hour >= 8 && hour < 18 : true));
    const { outages } = findOutages(without(grown, 55 * 168, 55 * 168 + 20), at(60 * 168));
    expect(outages).toMatchObject([{ gapHours: 20, thresholdHours: 6 }]);
  });

  it("is not looked for before the source is two weeks old, nor with fewer than 20 gaps", () => {
    const young = without(roundTheClock(2), 200, 300);
    expect(findOutages(young, at(2 * 168)).outages).toEqual([]);
    const rare = [0, 100, 200, 300, 400].map((hour) => monday + hour);
    expect(findOutages(rare, at(5000))).toMatchObject({ outages: [], openGap: { state: "unjudged" } });
    expect(findOutages([], at(0))).toEqual({ outages: [], openGap: undefined });
  });
});

describe("cost and input", () => {
  it("takes years of round-the-clock hours in well under a second", () => {
    const hours = roundTheClock(520);
    const before = performance.now();
    findOutages(hours, at(520 * 168));
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it("refuses hours out of order, doubled or broken, and a clock before the last event", () => {
    expect(() => findOutages([2, 1], at(0))).toThrow(RangeError);
    expect(() => findOutages([1, 1], at(0))).toThrow(RangeError);
    expect(() => findOutages([1.5], at(0))).toThrow(RangeError);
    expect(() => findOutages([monday + 5], at(4))).toThrow(RangeError);
  });
});

describe("gap ranks", () => {
  it("agree with sorting while members come and go", () => {
    const ranks = new GapRanks(100);
    const members: number[] = [];
    for (let i = 0; i < 500; i++) {
      const gap = (i * 37) % 130;
      ranks.add(gap);
      members.push(Math.min(gap, 100));
      if (i % 3 === 0 && i > 0) ranks.remove(members.shift()!);
      const sorted = members.toSorted((a, b) => a - b);
      for (const rank of [1, Math.ceil(sorted.length / 2), sorted.length]) {
        expect(ranks.atRank(rank)).toBe(sorted[rank - 1]);
      }
    }
    expect(() => new GapRanks(5).atRank(1)).toThrow(RangeError);
  });
});
