import { createCalendar } from "@keypulse/methods";
import { expect, it } from "vitest";
import { absencesOf } from "./knownAbsences.ts";

const calendar = createCalendar("Europe/London");
const away = (from: string, until: string, atMs: number) => ({ value: JSON.stringify({ from, until }), atMs });

it("reads whole local days, also where clocks change", () => {
  // The last Sunday of March has 23 hours in London, the last of October 25.
  expect(absencesOf([away("2026-03-28", "2026-03-29", 1), away("2026-10-25", "2026-10-25", 2)], calendar)).toEqual([
    { startMs: Date.UTC(2026, 2, 28), endMs: Date.UTC(2026, 2, 29, 23) },
    { startMs: Date.UTC(2026, 9, 24, 23), endMs: Date.UTC(2026, 9, 26) },
  ]);
});

it("keeps every entry until the field is taken away, and leaves out what is none", () => {
  const [first, second] = [away("2026-08-01", "2026-08-15", 1), away("2026-12-24", "2027-01-02", 3)];
  expect(absencesOf([second, first], calendar)).toHaveLength(2);
  expect(absencesOf([second, { value: "null", atMs: 2 }, first], calendar)).toEqual(absencesOf([second], calendar));
  const wrong = [
    away("2026-08-15", "2026-08-01", 1),
    away("2026-01-01", "9999-12-31", 1),
    { value: '"soon"', atMs: 1 },
    { value: "{", atMs: 1 },
  ];
  expect(absencesOf(wrong, calendar)).toEqual([]);
});
