import { describe, expect, it } from "vitest";
import { dropPresets } from "../dropScore.ts";
import { publicHolidays } from "../publicHolidays.ts";
import { createCalendar, weekOfDay } from "./calendar.ts";
import { calendarWeeks } from "./calendarWeeks.ts";
import { fitChannelContext, NO_SEGMENT } from "./channelContext.ts";
import { channelDrop } from "./channelDrop.ts";

const dayOf = (date: string): number => Date.parse(date) / 86_400_000;
const china = createCalendar("Asia/Shanghai", publicHolidays("CN"));
const britain = createCalendar("Europe/London", publicHolidays("GB"));
const from = dayOf("2024-01-01");
const until = dayOf("2026-01-04");
const lastWeek = weekOfDay(until);

/** Active on the weekdays of a list (0 is Monday), but on no holiday. */
function client(weekdays: readonly number[], calendar: typeof britain) {
  const all = Array.from({ length: until - from + 1 }, (_, i) => from + i);
  const days = all.filter((day) => weekdays.includes((day + 3) % 7) && !calendar.isHoliday(day));
  const times = { firstAtMs: calendar.dayStartMs(days[0]!), lastAtMs: calendar.dayStartMs(days.at(-1)!) };
  return { days, counts: days.map(() => 1), ...times, sourceShares: new Map<string, number>() };
}
const office = [0, 1, 2, 3, 4];
const always = [...office, 5, 6];

describe("public holidays", () => {
  it("are those of the whole country, whole days, with those in place of a weekend's", () => {
    const britains = publicHolidays("GB")!;
    const found = Array.from({ length: 365 }, (_, i) => dayOf("2026-01-01") + i).filter(britains);
    expect(found.map((day) => new Date(day * 86_400_000).toISOString().slice(5, 10))).toEqual(
      expect.arrayContaining(["01-01", "04-03", "05-04", "12-25", "12-28"]),
    );
    expect(found.length).toBeLessThan(12);
    expect(publicHolidays("CN")!(dayOf("2025-03-08"))).toBe(false);
    expect(publicHolidays(undefined)).toBeUndefined();
    expect(publicHolidays("ZZ")).toBeUndefined();
  });

  it("have the hours of a Sunday, on local clocks", () => {
    const hour = (calendar: typeof britain, time: string) => calendar.hourOfWeek(Date.parse(time) / 3_600_000);
    expect(hour(britain, "2025-12-25T09:00:00Z")).toBe(6 * 24 + 9);
    expect(hour(britain, "2025-12-24T09:00:00Z")).toBe(2 * 24 + 9);
    expect(hour(china, "2025-09-30T16:00:00Z")).toBe(6 * 24);
    expect(hour(china, "2025-09-30T15:00:00Z")).toBe(24 + 23);
  });
});

describe("weeks of the calendar", () => {
  const weekOf = (weeks: NonNullable<ReturnType<typeof calendarWeeks>>, date: string) =>
    weeks.factors[weekOfDay(dayOf(date)) - weeks.firstWeek]!;

  it("are shorter by their holidays where people rest on Sundays", () => {
    const weeks = calendarWeeks([client(office, britain), client([0, 2, 4], britain)], britain, lastWeek)!;
    expect(weekOf(weeks, "2025-06-11")).toBe(1);
    // Christmas and Boxing Day: Thursday and Friday.
    expect(weekOf(weeks, "2025-12-24")).toBeGreaterThan(0.5);
    expect(weekOf(weeks, "2025-12-24")).toBeLessThan(0.7);
    expect(weeks.factors).toHaveLength(lastWeek - weeks.firstWeek + 1);
  });

  it("are as long as ever where Sundays are like any day, and not looked at without holidays", () => {
    const weeks = calendarWeeks([client(always, createCalendar("UTC"))], britain, lastWeek)!;
    expect(weeks.factors.every((factor) => Math.abs(factor - 1) < 0.02)).toBe(true);
    expect(calendarWeeks([client(office, britain)], createCalendar("Europe/London"), lastWeek)).toBeUndefined();
    expect(calendarWeeks([], britain, lastWeek)).toBeUndefined();
  });

  it("speak for a company of too few clients to tell: a holiday week raises nothing", () => {
    const clients = Array.from({ length: 4 }, () => client(office, china));
    const asOfMs = china.weekStartMs(lastWeek + 1);
    const bySegment = new Map([[NO_SEGMENT, clients]]);
    const scoresAround = (calendar: typeof china) => {
      const context = fitChannelContext(bySegment, lastWeek, asOfMs, calendar, dropPresets.fast, 0.25);
      const line = { preset: context.preset, threshold: 1.73 };
      const drops = channelDrop(clients[0]!, context.panel, line, [], calendar, lastWeek, asOfMs)!;
      const week = weekOfDay(dayOf("2025-10-01")) - drops.firstWeek;
      return drops.scores.slice(week, week + 4).map((score) => score?.s ?? 0);
    };
    const most = (scores: readonly number[]) => Math.max(...scores);
    expect(most(scoresAround(china))).toBeLessThan(most(scoresAround(createCalendar("Asia/Shanghai"))) / 2);
  });
});
