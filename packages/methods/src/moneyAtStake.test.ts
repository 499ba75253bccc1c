import { describe, expect, it } from "vitest";
import { moneyAtStakeOfDrop, moneyAtStakeOfSilence, revenueOfYearBefore } from "./moneyAtStake.ts";

const DAY_MS = 86_400_000;
const end = Date.UTC(2026, 10, 22);
const daysBefore = (days: number, amount: number) => ({ atMs: end - days * DAY_MS, amount });

describe("money at stake", () => {
  it("is a year's revenue, the last moment in and the first out, net of returns", () => {
    const orders = [
      daysBefore(0, 100),
      daysBefore(100, 50),
      daysBefore(30, -20),
      daysBefore(365, 999),
      daysBefore(-1, 7),
    ];
    expect(revenueOfYearBefore(orders, end)).toBe(130);
  });

  it("adds decimals as a person would", () => {
    const dimes = Array.from({ length: 30 }, (_, i) => daysBefore(i, 0.1));
    expect(revenueOfYearBefore(dimes, end)).toBe(3);
    expect(revenueOfYearBefore([daysBefore(1, 0.1), daysBefore(2, 0.2)], end)).toBe(0.3);
  });

  it("in a drop is the share that went missing, nothing for a client that grew", () => {
    expect(moneyAtStakeOfDrop(48_000, 0.25)).toBe(36_000);
    expect(moneyAtStakeOfDrop(48_000, 0)).toBe(48_000);
    expect(moneyAtStakeOfDrop(48_000, 1.4)).toBe(0);
  });

  it("in a silence is the year up to the last order, however long ago", () => {
    const orders = [daysBefore(700, 40), daysBefore(500, 30), daysBefore(400, 25), daysBefore(390, -5)];
    expect(moneyAtStakeOfSilence(orders)).toBe(95);
    expect(moneyAtStakeOfSilence([])).toBe(0);
  });

  it("is never negative, and refuses what is not a number", () => {
    expect(revenueOfYearBefore([daysBefore(1, -10)], end)).toBe(0);
    expect(() => revenueOfYearBefore([daysBefore(1, Number.NaN)], end)).toThrow(RangeError);
    expect(() => moneyAtStakeOfDrop(100, Number.NaN)).toThrow(RangeError);
    expect(() => moneyAtStakeOfDrop(-1, 0)).toThrow(RangeError);
  });
});
