import { describe, expect, it } from "vitest";
import { createCalendar, mondayOf, weekOfDay } from "./calendar.ts";

const at = (text: string) => Date.parse(text);

describe("calendar", () => {
  const london = createCalendar("Europe/London");
  const kolkata = createCalendar("Asia/Kolkata");

  it("takes the local date of an instant", () => {
    expect(london.dayOf(at("2026-06-30T23:30:00Z"))).toBe(at("2026-07-01T00:00:00Z") / 86_400_000);
    expect(kolkata.dayOf(at("2026-01-01T18:29:59Z"))).toBe(at("2026-01-01T00:00:00Z") / 86_400_000);
    expect(kolkata.dayOf(at("2026-01-01T18:30:00Z"))).toBe(at("2026-01-02T00:00:00Z") / 86_400_000);
  });

  it("begins days at local midnight, also when clocks change", () => {
    const day = (text: string) => at(`${text}T00:00:00Z`) / 86_400_000;
    expect(london.dayStartMs(day("2026-03-29"))).toBe(at("2026-03-29T00:00:00Z"));
    expect(london.dayStartMs(day("2026-03-30"))).toBe(at("2026-03-29T23:00:00Z"));
    expect(london.dayStartMs(day("2026-10-25"))).toBe(at("2026-10-24T23:00:00Z"));
    expect(london.dayStartMs(day("2026-10-26"))).toBe(at("2026-10-26T00:00:00Z"));
  });

  it("numbers the hours of the local week from Monday", () => {
    const hour = (text: string) => at(text) / 3_600_000;
    expect(london.hourOfWeek(hour("2026-01-05T00:00:00Z"))).toBe(0);
    expect(london.hourOfWeek(hour("2026-01-04T23:00:00Z"))).toBe(167);
    // Clocks go forward at 01:00 UTC on a Sunday, and back in October: an hour is left out, and one comes twice.
    const around = (text: string) => [-1, 0, 1].map((more) => london.hourOfWeek(hour(text) + more) % 24);
    expect(around("2026-03-29T01:00:00Z")).toEqual([0, 2, 3]);
    expect(around("2026-10-25T01:00:00Z")).toEqual([1, 1, 2]);
    // At 18:00 UTC it is 23:30 in Kolkata.
    expect(kolkata.hourOfWeek(hour("2026-01-04T18:00:00Z"))).toBe(167);
    expect(kolkata.hourOfWeek(hour("2026-01-04T19:00:00Z"))).toBe(0);
  });

  it("begins weeks on Monday", () => {
    const week = london.weekOf(at("2026-11-22T12:00:00Z"));
    expect(mondayOf(week)).toBe("2026-11-16");
    expect(london.weekStartMs(week)).toBe(at("2026-11-16T00:00:00Z"));
    expect(weekOfDay(at("2026-11-23T00:00:00Z") / 86_400_000)).toBe(week + 1);
  });
});
