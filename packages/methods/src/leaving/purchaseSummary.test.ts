import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summarisePurchases } from "./purchaseSummary.ts";
import { panelGap, recencyRatio } from "./recencyRule.ts";

describe("summing up a client's purchases", () => {
  const weeks = { endDay: 70, unitDays: 7 };

  it("counts repeats, recency and exposure from the first purchase, in the unit of time", () => {
    expect(summarisePurchases([7, 21, 28], weeks, [10, 20, 40])).toEqual({
      repeats: 2,
      recency: 3,
      exposure: 9,
      logIntervals: Math.log(2),
      repeatValue: 30,
      heldOut: 0,
      heldOutValue: undefined,
    });
    expect(summarisePurchases([7], weeks, [10])).toMatchObject({
      repeats: 0,
      recency: 0,
      exposure: 9,
      repeatValue: undefined,
    });
  });

  it("takes purchases of one day for one, their amounts added; the first day's are no repeat", () => {
    const joined = summarisePurchases([7, 7, 21, 21, 21], weeks, [10, 5, 1, 2, 3]);
    expect(joined).toMatchObject({ repeats: 1, recency: 2, repeatValue: 6 });
  });

  it("leaves what comes after the cutoff to the hold-out, and clients who come after it out", () => {
    const cut = { endDay: 20, unitDays: 1, holdOutEndDay: 40 };
    expect(summarisePurchases([1, 20, 21, 30, 30, 40, 41], cut)).toMatchObject({
      repeats: 1,
      exposure: 19,
      heldOut: 3,
    });
    expect(summarisePurchases([1, 21, 30, 30], cut, [9, 4, 5, 3])).toMatchObject({ heldOut: 2, heldOutValue: 6 });
    expect(summarisePurchases([21, 30], cut)).toBeUndefined();
    expect(summarisePurchases([], cut)).toBeUndefined();
  });

  it("does not care for order, nor for purchases after the cutoff", () => {
    const days = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(days, (given) => {
        const observation = { endDay: 120, unitDays: 7 };
        const summary = summarisePurchases(given, observation);
        expect(summarisePurchases(given.toReversed(), observation)).toEqual(summary);
        const known = given.filter((day) => day <= 120);
        expect(summarisePurchases(known, observation)).toEqual(summary);
        if (summary !== undefined) expect(summary.repeats).toBe(new Set(known).size - 1);
      }),
      { seed: 4 },
    );
  });

  it("refuses times of day, amounts that are none, and lists of unequal length", () => {
    expect(() => summarisePurchases([1.5], weeks)).toThrow(RangeError);
    expect(() => summarisePurchases([1], weeks, [Number.NaN])).toThrow(RangeError);
    expect(() => summarisePurchases([1, 2], weeks, [3])).toThrow(RangeError);
    expect(() => summarisePurchases([1], { endDay: 70, unitDays: 0 })).toThrow(RangeError);
  });
});

describe("the plain rule", () => {
  it("measures silence in the client's own mean gaps, or the panel's for who has none", () => {
    const regular = { repeats: 4, recency: 8, exposure: 14 };
    const once = { repeats: 0, recency: 0, exposure: 10 };
    const gap = panelGap([regular, once, { repeats: 1, recency: 12, exposure: 14 }]);
    expect(gap).toBe(4);
    expect(recencyRatio(regular, gap)).toBe(3);
    expect(recencyRatio(once, gap)).toBe(2.5);
    expect(recencyRatio(once, panelGap([once]))).toBe(0);
  });
});
