import { describe, expect, it } from "vitest";
import { createCalendar } from "../channel/calendar.ts";
import { detectMissedCalls } from "./contact.ts";
import { type BudgetSettings, MS_A_DAY } from "./finding.ts";
import { raisedSince } from "./raisedSince.ts";

const calendar = createCalendar("Europe/London");
const settings = { falseAlarmsPerClientYear: 0.01 };
/** A Wednesday at noon; clocks went back on Sunday the 25th. */
const now = Date.UTC(2026, 9, 28, 12);

/** A detector whose tail is a function of time; it finds what is rarer than the budget. */
const detector = (tail: (atMs: number) => number) => (budget: BudgetSettings, atMs: number) =>
  tail(atMs) <= budget.falseAlarmsPerClientYear
    ? detectMissedCalls([{ atMs: atMs - 5 * MS_A_DAY, contact: "Bo", type: "missed" }], atMs)
    : null;
const since = (tail: (atMs: number) => number, atMs = now) => {
  const found = raisedSince(detector(tail), settings, atMs, calendar);
  return found && new Date(found.crossedAtMs).toISOString();
};

describe("since when a finding is raised", () => {
  it("is the local day on which the line was crossed, also where clocks changed meanwhile", () => {
    const crossed = Date.UTC(2026, 9, 20, 15);
    // Summer time: London's 20 October began at 23:00 UTC.
    expect(since((atMs) => (atMs >= crossed ? 0.001 : 1))).toBe("2026-10-19T23:00:00.000Z");
    expect(since((atMs) => (atMs >= now - MS_A_DAY / 4 ? 0.001 : 1))).toBe("2026-10-28T00:00:00.000Z");
  });

  it("is the same however often one looks, and to a week where it is longer ago", () => {
    const crossed = Date.UTC(2026, 7, 5, 15);
    const tail = (atMs: number) => (atMs >= crossed ? 0.001 : 1);
    const looks = Array.from({ length: 5 }, (_, day) => since(tail, now + day * MS_A_DAY));
    expect(new Set(looks)).toEqual(new Set(["2026-08-08T23:00:00.000Z"]));
  });

  it("is not moved by a tail that trembles at the line, and ends where it is four times the budget", () => {
    const crossed = Date.UTC(2026, 9, 18, 15);
    const trembling = (atMs: number) => (atMs < crossed ? 1 : Math.floor(atMs / MS_A_DAY) % 2 === 0 ? 0.009 : 0.03);
    expect(since(trembling)).toBe("2026-10-17T23:00:00.000Z");
    expect(since(trembling, now + MS_A_DAY)).toBe("2026-10-17T23:00:00.000Z");
    expect(since((atMs) => (atMs > now - MS_A_DAY ? 0.05 : 0.001))).toBeNull();
  });

  it("needs the line itself to have been crossed: near it is not raised", () => {
    expect(since(() => 0.03)).toBeNull();
  });

  it("goes no further back than half a year", () => {
    expect(since(() => 0.001)).toMatch(/^2026-0[45]/);
  });
});
