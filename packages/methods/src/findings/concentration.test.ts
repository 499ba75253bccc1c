import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectConcentrationTrend, detectShareCrossing, herfindahl, shareLevel } from "./concentration.ts";

const window = { fromMs: Date.UTC(2025, 5, 1), toMs: Date.UTC(2026, 5, 1) };

describe("a share of revenue", () => {
  it("is news when it crosses 10, 20 or 50 %, and down only when it is clearly below", () => {
    expect(detectShareCrossing(0.095, 0, window)).toBeNull();
    expect(detectShareCrossing(0.104, 0, window)!.text).toBe(
      "10 % of revenue comes from this client: above 10 %, a key client by revenue.",
    );
    expect(detectShareCrossing(0.095, 0.1, window)).toBeNull();
    expect(detectShareCrossing(0.085, 0.1, window)).toMatchObject({ direction: "neutral", values: { level: 0 } });
    expect(detectShareCrossing(0.6, 0.1, window)).toMatchObject({ expected: 0.5, direction: "worse" });
    expect(detectShareCrossing(0.19, 0.5, window)).toMatchObject({ expected: 0.5, values: { level: 0.2 } });
  });

  it("never trembles: a share that moves by less than the hysteresis changes its level once at most", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.02, max: 0.8, noNaN: true }),
        fc.array(fc.double({ min: -0.04, max: 0.04, noNaN: true }), { minLength: 2, maxLength: 50 }),
        (share, shakes) => {
          let level = shareLevel(share, 0);
          let news = 0;
          for (const shake of shakes) {
            const next = shareLevel(share * (1 + shake), level);
            if (next !== level) news++;
            level = next;
          }
          expect(news).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("the Herfindahl index", () => {
  it("is 1 / n for n alike, and leaves negative totals out", () => {
    expect(herfindahl([5, 5, 5, 5])).toBe(0.25);
    expect(herfindahl([7])).toBe(1);
    expect(herfindahl([-3, 0])).toBe(0);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e9, noNaN: true }), { minLength: 1 }), (revenues) => {
        const index = herfindahl(revenues);
        expect(index).toBeGreaterThanOrEqual(1 / revenues.length - 1e-12);
        expect(index).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  it("has a trend, either way, or none", () => {
    const months = (indices: number[]) => indices.map((index, i) => ({ atMs: Date.UTC(2025, i, 1), index }));
    const rising = [0.02, 0.021, 0.022, 0.024, 0.023, 0.026, 0.027, 0.029, 0.03, 0.031, 0.034, 0.036];
    const budget = { falseAlarmsPerClientYear: 0.1 };
    const up = detectConcentrationTrend(months(rising), budget)!;
    const down = detectConcentrationTrend(months(rising.toReversed()), budget)!;
    expect([up.direction, down.direction]).toEqual(["worse", "better"]);
    expect(up.tailProbability).toBeCloseTo(down.tailProbability!, 12);
    expect(up.text).toContain("Revenue hangs on fewer clients");
    expect(detectConcentrationTrend(months([0.02, 0.03, 0.02, 0.03, 0.02, 0.03, 0.02, 0.03]), budget)).toBeNull();
  });
});
