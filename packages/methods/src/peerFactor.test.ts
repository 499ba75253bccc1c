import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignWeeks, peerFactors, peerRatio, type WeeklyHistory } from "./peerFactor.ts";

function clients(n: number, counts: readonly number[], firstWeek = 0): WeeklyHistory[] {
  return Array.from({ length: n }, () => ({ firstWeek, counts }));
}

describe("peer ratio", () => {
  it("published vector: 10 clients of 4 a week that all show 2", () => {
    const ratio = peerRatio(Array.from({ length: 10 }, () => ({ count: 2, usualCount: 4 })));
    expect(Math.abs(ratio - 0.6842)).toBeLessThan(0.0001);
  });

  it("is 1 with fewer than 8 peers", () => {
    const silent = { count: 0, usualCount: 4 };
    expect(peerRatio(Array.from({ length: 7 }, () => silent))).toBe(1);
    expect(peerRatio(Array.from({ length: 8 }, () => silent))).toBeLessThan(0.5);
  });

  it("is not moved by how large one client's burst is", () => {
    const others = Array.from({ length: 9 }, () => ({ count: 4, usualCount: 4 }));
    const burst = peerRatio([...others, { count: 15, usualCount: 4 }]);
    expect(peerRatio([...others, { count: 10_000, usualCount: 4 }])).toBe(burst);
  });
});

describe("peer factors", () => {
  it("reproduces the vector inside a panel: the first half week after a steady year", () => {
    const { factors } = peerFactors(clients(10, [...Array(52).fill(4), 2]), 52);
    expect(factors.slice(0, 52).every((factor) => Math.abs(factor - 1) < 1e-12)).toBe(true);
    expect(Math.abs(factors[52]! - 0.6842)).toBeLessThan(0.0001);
  });

  it("counts a client as a peer only from its ninth week on", () => {
    const eight = clients(8, [4, 4, 4, 4, 4, 4, 4, 4, 0]);
    expect(peerFactors(eight, 8).factors[8]).toBeLessThan(0.5);
    const seven = clients(8, [4, 4, 4, 4, 4, 4, 4, 0]);
    expect(peerFactors(seven, 7).factors[7]).toBe(1);
  });

  it("leaves out clients of 0.1 events a week or fewer", () => {
    const burstAfter = (counts: number[]) => peerFactors(clients(8, [...counts, 5]), counts.length).factors.at(-1)!;
    expect(burstAfter([1, ...Array(60).fill(0)])).toBeCloseTo(1, 2);
    expect(burstAfter(Array(61).fill(1))).toBeGreaterThan(1.5);
  });

  it("a closed week teaches nothing: the week after it is normal", () => {
    const { factors } = peerFactors(clients(40, [...Array(30).fill(6), 0, 6]), 31);
    expect(factors[30]).toBeLessThan(0.2);
    expect(factors[31]).toBeCloseTo(1, 12);
  });

  it("of a segment are those of all where it has too few peers, and its own where it has many", () => {
    const closedIn = (week: number, until = 61) =>
      Array.from({ length: until }, (_, i) => (i === week ? 0 : i % 7 === 3 ? 5 : 4));
    const usual = closedIn(40);
    const whole = peerFactors([...clients(60, usual), ...clients(40, closedIn(50))], 60);
    for (const few of [1, 7]) {
      const { factors } = peerFactors(clients(few, closedIn(50)), 60, whole);
      for (const [week, factor] of factors.entries()) expect(factor).toBeCloseTo(whole.factors[week]!, 12);
    }
    const many = peerFactors(clients(40, closedIn(50)), 60, whole).factors;
    expect(many[40]).toBeGreaterThan(0.85);
    expect(whole.factors[40]).toBeLessThan(0.5);
    expect(many[50]).toBeLessThan(0.2);
    expect(whole.factors[50]).toBeGreaterThan(0.5);
    // Ten peers: between the two.
    const ten = peerFactors(clients(10, closedIn(50)), 60, whole).factors[50]!;
    expect(ten).toBeGreaterThan(many[50]!);
    expect(ten).toBeLessThan(whole.factors[50]! / 2);
  });

  it("of a segment that begins later are of its own weeks", () => {
    const whole = peerFactors(clients(30, Array(60).fill(3)), 59);
    const late = peerFactors(clients(30, Array(20).fill(3), 40), 59, whole);
    expect(late.firstWeek).toBe(40);
    expect(late.factors.every((factor) => Math.abs(factor - 1) < 0.05)).toBe(true);
  });

  it("divides by the panel's own average ratio, so that a growing panel does not stay above 1", () => {
    const growing = clients(
      20,
      Array.from({ length: 104 }, (_, week) => 2 * 1.02 ** week),
    );
    const { factors } = peerFactors(growing, 103);
    expect(factors[103]).toBeGreaterThan(0.9);
    expect(factors[103]).toBeLessThan(1.15);
  });

  it("stays within 0.05 and 3 and does not depend on the order of clients", () => {
    const history = fc.record({
      firstWeek: fc.integer({ min: 100, max: 120 }),
      counts: fc.array(fc.nat(500), { minLength: 1, maxLength: 60 }),
    });
    fc.assert(
      fc.property(fc.array(history, { minLength: 1, maxLength: 25 }), (histories) => {
        const { factors } = peerFactors(histories, 180);
        const reversed = peerFactors(histories.toReversed(), 180).factors;
        expect(factors.every((factor) => factor >= 0.05 && factor <= 3)).toBe(true);
        for (const [i, factor] of factors.entries()) expect(reversed[i]).toBeCloseTo(factor, 9);
      }),
      { numRuns: 50 },
    );
  });

  it("does not take a wave of new clients who came once for a fall of everybody", () => {
    const once = Array.from({ length: 600 }, (_, i) => clients(1, [1], 100 + (i % 12))).flat();
    const steady = clients(20, new Array(80).fill(1), 100);
    const { factors } = peerFactors([...once, ...steady], 179);
    expect(Math.min(...factors)).toBeGreaterThan(0.9);
  });

  it("takes a panel that shrank for good for normal after eight skipped weeks", () => {
    const gone = clients(400, new Array(20).fill(2), 100);
    const left = clients(10, new Array(60).fill(2), 100);
    const { factors } = peerFactors([...gone, ...left], 159);
    expect(factors[21]).toBeLessThan(0.2);
    expect(factors[27]).toBeLessThan(0.2);
    expect(factors.at(-1)).toBeGreaterThan(0.5);
  });

  it("numbers weeks from the panel's first event, and aligns them to a client", () => {
    const panel = peerFactors([...clients(1, [1], 700), ...clients(1, [1], 705)], 709);
    expect(panel.firstWeek).toBe(700);
    expect(panel.factors).toHaveLength(10);
    expect(alignWeeks(panel.factors, panel.firstWeek, 705)).toHaveLength(5);
    expect(alignWeeks(panel.factors, panel.firstWeek, 698)).toEqual([1, 1, ...panel.factors]);
    expect(peerFactors([], 5).factors).toEqual([]);
  });

  it("refuses impossible counts and weeks", () => {
    expect(() => peerFactors(clients(1, [Number.NaN]), 3)).toThrow(RangeError);
    expect(() => peerFactors(clients(1, [-1]), 3)).toThrow(RangeError);
    expect(() => peerFactors(clients(1, [1], 0.5), 3)).toThrow(RangeError);
  });
});
