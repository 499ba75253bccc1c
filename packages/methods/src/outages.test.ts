import { describe, expect, it } from "vitest";
import { createCalendar } from "./channel/calendar.ts";
import { findOutages } from "./outages.ts";
import { publicHolidays } from "./publicHolidays.ts";
import { seededRandom } from "./random.ts";
import type { SourceCalendar } from "./sourceClock.ts";

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
/** Hours from the first Monday to a time in a week. */
const when = (week: number, day: number, hour = 0): number => week * 168 + day * 24 + hour;
const [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, _SATURDAY, SUNDAY] = [0, 1, 2, 3, 4, 5, 6] as const;

function without(hours: readonly number[], from: number, to: number): number[] {
  return hours.filter((hour) => hour < monday + from || hour >= monday + to);
}

function at(hour: number): number {
  return (monday + hour) * HOUR_MS;
}

const hoursApart = (one: number, other: number): number => Math.abs(one - other) / HOUR_MS;

/** The gap that a source which stops for good leaves open, and when it is called. */
function stops(hours: readonly number[], from: number) {
  const known = hours.filter((hour) => hour < monday + from);
  const { openGap } = findOutages(known, at(from));
  return { known, openGap: openGap!, calledAfterHours: (openGap!.deadlineMs! - at(from)) / HOUR_MS };
}

describe("a source that is well", () => {
  it("may sleep at night and over the weekend", () => {
    const { outages, openGap } = findOutages(office(26), at(26 * 168));
    expect(outages).toEqual([]);
    // Monday 00:00, 54 hours after Friday's last event.
    expect(openGap).toMatchObject({ state: "usual", gapHours: 54 });
    // 2.5 usual days: Wednesday 13:00.
    expect(hoursApart(openGap!.deadlineMs!, at(when(26, WEDNESDAY, 13)))).toBeLessThan(0.1);
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

  it("may keep holidays: a day, two in a row, and one on each side of a weekend; they are unusual", () => {
    let hours = office(26);
    for (const [week, day] of [
      [9, WEDNESDAY],
      [15, WEDNESDAY],
      [15, THURSDAY],
      [20, FRIDAY],
      [21, MONDAY],
    ] as const) {
      hours = without(hours, when(week, day), when(week, day + 1));
    }
    expect(findOutages(hours, at(26 * 168)).outages).toEqual([]);
    for (const [from, now] of [
      [when(9, WEDNESDAY), when(9, WEDNESDAY, 11)],
      [when(20, FRIDAY), when(21, MONDAY, 17)],
    ] as const) {
      const known = hours.filter((hour) => hour < monday + from);
      expect(findOutages(known, at(from + 7)).openGap!.state).toBe("usual");
      expect(findOutages(known, at(now)).openGap!.state).toBe("unusual");
    }
  });

  it("may close early before a holiday, but not for more than half a day", () => {
    const closed = (hour: number) => without(office(26), when(20, WEDNESDAY, hour), when(20, FRIDAY));
    expect(findOutages(closed(14), at(26 * 168)).outages).toEqual([]);
    expect(findOutages(closed(11), at(26 * 168)).outages).toHaveLength(1);
  });

  it("round the clock keeps no holidays", () => {
    expect(findOutages(without(roundTheClock(26), 3000, 3024), at(26 * 168)).outages).toHaveLength(1);
  });

  it("may send in bursts with long pauses between them", () => {
    const random = seededRandom(3);
    const hours: number[] = [];
    for (let at = 0; at < 52 * 168; at += 24 + Math.floor(random() * 240)) {
      for (let hour = 0; hour < 12; hour++) hours.push(monday + at + hour);
      at += 12;
    }
    expect(findOutages(hours, (hours.at(-1)! + 1) * HOUR_MS).outages).toEqual([]);
    // Its rate alone would call it within days.
    const { openGap } = findOutages(hours, (hours.at(-1)! + 1) * HOUR_MS);
    expect(openGap!.thresholdHours).toBeGreaterThan(264);
  });
});

describe("an outage", () => {
  it("is found where a round-the-clock source stops for a night", () => {
    const { outages, openGap } = findOutages(without(roundTheClock(10), 1000, 1012), at(10 * 168));
    expect(outages).toMatchObject([{ startMs: at(1000), endMs: at(1012), gapHours: 12, thresholdHours: 6 }]);
    expect(outages[0]!.missedHours).toBeCloseTo(12, 1);
    expect(openGap).toMatchObject({ state: "usual", gapHours: 0 });
  });

  it("of an office source that breaks on a Tuesday at nine is known on Wednesday at two", () => {
    const { known, openGap, calledAfterHours } = stops(office(27), when(26, TUESDAY, 9));
    expect(calledAfterHours).toBeCloseTo(29, 1);
    expect(findOutages(known, at(when(26, TUESDAY, 11))).openGap!.state).toBe("unusual");
    expect(findOutages(known, openGap.deadlineMs! - 1).openGap!.state).toBe("unusual");
    const { openGap: called, outages } = findOutages(known, openGap.deadlineMs!);
    expect(called!.state).toBe("outage");
    expect(outages[0]!.missedHours).toBeCloseTo(15, 0);
    expect(outages[0]!.tailProbability).toBeLessThan(1e-9);
    expect(outages[0]!.falseOutagesAYearAtLine).toBeLessThan(0.25);
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

  it("of a source that stops for good stays one, whatever it was", () => {
    for (const hours of [office(26), roundTheClock(26), hoursWhere(26, (hour, day) => day === 2 && hour === 3)]) {
      const { outages, openGap } = findOutages(hours, at(26 * 168 + 3 * 8766));
      expect(outages).toMatchObject([{ startMs: openGap!.startMs, endMs: undefined }]);
    }
  });

  it("does not make the next one look usual", () => {
    let hours = office(26);
    for (const week of [6, 9, 12, 15, 18]) hours = without(hours, week * 168, (week + 1) * 168);
    const { outages } = findOutages(hours, at(26 * 168));
    expect(outages).toHaveLength(5);
    // Friday 18:00 to Wednesday 13:00, each time.
    for (const { thresholdHours } of outages) expect(thresholdHours).toBeCloseTo(115, 0);
  });

  it("turns into rhythm when it comes back every week: closed on Sundays from now on", () => {
    const newlyClosed = hoursWhere(26, (_, day, i) => i < 10 * 168 || day < 6);
    const { outages, openGap } = findOutages(newlyClosed, at(26 * 168));
    expect(outages.map((outage) => outage.startMs)).toEqual([10, 11, 12].map((week) => at(when(week, SUNDAY))));
    expect(openGap!.state).toBe("usual");
  });

  it("turns into rhythm for an office that no longer opens on Fridays", () => {
    const fourDays = office(26).filter((hour) => hour < monday + 10 * 168 || (hour - monday) % 168 < 96);
    expect(findOutages(fourDays, at(26 * 168)).outages).toEqual([]);
    const state = (week: number) =>
      findOutages(
        fourDays.filter((hour) => hour < monday + when(week, FRIDAY)),
        at(when(week, FRIDAY, 16)),
      ).openGap!.state;
    expect([10, 11, 12, 13, 14].map(state)).toEqual(["unusual", "unusual", "unusual", "usual", "usual"]);
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
    expect(findOutages(rare, at(5000))).toMatchObject({
      outages: [],
      openGap: { state: "unjudged", deadlineMs: undefined },
    });
    expect(findOutages([], at(0))).toEqual({ outages: [], openGap: undefined });
  });

  it("is not called later by what the future brings", () => {
    const hours = without(office(40), when(20, TUESDAY, 9), when(21, THURSDAY));
    const until = (week: number) => hours.filter((hour) => hour < monday + week * 168);
    const early = findOutages(until(23), at(23 * 168)).outages;
    expect(early).toHaveLength(1);
    expect(findOutages(until(40), at(40 * 168)).outages).toEqual(early);
  });
});

describe("local time", () => {
  const london = createCalendar("Europe/London");
  const localOffice = (zone: (hour: number) => number, weeks: number) =>
    Array.from({ length: weeks * 168 }, (_, i) => monday + i).filter((hour) => {
      const local = zone(hour);
      return local < 120 && local % 24 >= 8 && local % 24 < 18;
    });

  it("keeps the hours of an office when clocks change", () => {
    // Clocks go forward on 2026-03-29, a Sunday: on Monday the office opens at 07:00 UTC.
    const hours = localOffice(london.hourOfWeek, 30);
    const ofMonday = Date.UTC(2026, 2, 30) / HOUR_MS;
    expect(hours).toContain(ofMonday + 7);
    const known = hours.filter((hour) => hour < ofMonday);
    const stateAt = (utcHour: number, zone: SourceCalendar = london) =>
      findOutages(known, (ofMonday + utcHour) * HOUR_MS, zone).openGap!;
    expect(stateAt(7).state).toBe("usual");
    expect(stateAt(8).state).toBe("unusual");
    // Without a zone the clock would still wait for 08:00 UTC.
    expect(findOutages(known, (ofMonday + 8) * HOUR_MS).openGap!.state).toBe("usual");
    expect(hoursApart(stateAt(8).deadlineMs!, (ofMonday + 2 * 24 + 12) * HOUR_MS)).toBeLessThan(0.1);
    expect(findOutages(hours, (hours.at(-1)! + 1) * HOUR_MS, london).outages).toEqual([]);
  });

  it("waits for one day off besides the public holidays, where these are known", () => {
    const known = createCalendar("Europe/London", publicHolidays("GB"));
    const dayOf = (date: string) => Date.parse(date) / 86_400_000;
    const off = (...dates: string[]) => {
      const days = new Set(dates.map(dayOf));
      return localOffice(london.hourOfWeek, 30).filter((hour) => !days.has(Math.floor(hour / 24)));
    };
    // From Good Friday on a long weekend, with the Maundy Thursday off.
    const easter = ["2026-04-02", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25"];
    const outagesOf = (hours: number[], zone: SourceCalendar) =>
      findOutages(hours, (hours.at(-1)! + 1) * HOUR_MS, zone).outages;
    expect(outagesOf(off(...easter), known)).toEqual([]);
    expect(outagesOf(off(...easter, "2026-04-01"), known)).toHaveLength(1);
    // Broken on a Tuesday at nine, local: known on Wednesday afternoon, and two days later where holidays may be any day.
    const broken = off(...easter).filter((hour) => hour < Date.UTC(2026, 5, 9, 8) / HOUR_MS);
    const calledHours = (zone: SourceCalendar) =>
      findOutages(broken, (broken.at(-1)! + 1) * HOUR_MS, zone).openGap!.deadlineMs! / HOUR_MS - (broken.at(-1)! + 1);
    expect(calledHours(known)).toBeLessThan(30);
    expect(calledHours(known)).toBeGreaterThan(24);
  });

  it("takes zones of half an hour", () => {
    const kolkata = createCalendar("Asia/Kolkata");
    const hours = localOffice(kolkata.hourOfWeek, 20);
    expect(hours.map((hour) => kolkata.hourOfWeek(hour))).toContain(8);
    expect(findOutages(hours, (hours.at(-1)! + 1) * HOUR_MS, kolkata)).toMatchObject({
      outages: [],
      openGap: { state: "usual" },
    });
    expect(kolkata.hourOfWeek(monday - 6)).toBe(167);
    expect(kolkata.hourOfWeek(monday - 5)).toBe(0);
  });
});

describe("the budget of false outages", () => {
  // Events at random, with a rate of their own in each hour of the week: the law that the tail is made for.
  const profiles: Record<string, (hour: number, day: number) => number> = {
    "orders, three a week": () => 3 / 168,
    "orders in office hours": (hour, day) => (day < 5 && hour >= 8 && hour < 18 ? 0.3 : 0.002),
    "web with quiet nights": (hour) => (hour < 7 ? 0.15 : 0.7),
  };
  const years = 40;
  const counts = Object.entries(profiles).map(([name, profile]) => {
    const random = seededRandom(11);
    let outages = 0;
    for (let i = 0; i < years / 2; i++) {
      const hours = hoursWhere(104, (hour, day) => random() >= Math.exp(-profile(hour, day)));
      outages += findOutages(hours, (hours.at(-1)! + 1) * HOUR_MS).outages.length;
    }
    return { name, outages };
  });

  it.each(counts)("is kept by $name", ({ outages }) => {
    // 0.25 a source-year are 10; a Poisson count exceeds 18 once in 100 times.
    expect(outages).toBeLessThanOrEqual(18);
  });

  it("is not kept by never calling", () => {
    expect(counts.reduce((sum, { outages }) => sum + outages, 0)).toBeGreaterThan(2);
  });
});

describe("input", () => {
  it("refuses hours out of order, doubled or broken, and a clock before the last event", () => {
    expect(() => findOutages([2, 1], at(0))).toThrow(RangeError);
    expect(() => findOutages([1, 1], at(0))).toThrow(RangeError);
    expect(() => findOutages([1.5], at(0))).toThrow(RangeError);
    expect(() => findOutages([monday + 5], at(4))).toThrow(RangeError);
  });
});
