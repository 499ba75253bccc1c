import { describe, expect, it } from "vitest";
import { expectedAmount } from "./gammaGamma.ts";
import { mbgCnbd } from "./mbgCnbd.ts";
import { paretoNbd } from "./paretoNbd.ts";
import { betaSample, gammaSample, seeded } from "./testing/simulate.ts";
import { valueAtStake } from "./valueAtStake.ts";

const amounts = { p: 6.25, q: 3.74, gamma: 15.44 };
const question = { horizon: 52, unitDays: 7, margin: 1, discountRateAYear: 0 };

describe("the amount of a purchase (gamma-gamma)", () => {
  it("lies between the client's own mean and that of all, nearer to their own the more they bought", () => {
    const all = (amounts.p * amounts.gamma) / (amounts.q - 1);
    const at = (purchases: number) => expectedAmount(amounts, { purchases, meanAmount: 100 });
    expect(at(0).expected).toBeCloseTo(all, 10);
    expect(at(1).expected).toBeGreaterThan(all);
    expect(at(5).expected).toBeGreaterThan(at(1).expected!);
    expect(at(5).expected).toBeLessThan(100);
    expect(at(50).high - at(50).low).toBeLessThan(at(1).high - at(1).low);
    expect(at(5).low).toBeLessThan(at(5).expected!);
    expect(at(5).high).toBeGreaterThan(at(5).expected!);
  });

  it("has no mean when the tail is too heavy for one", () => {
    const heavy = { ...amounts, q: 0.9 };
    expect(expectedAmount(heavy, { purchases: 0, meanAmount: 0 }).expected).toBeUndefined();
    expect(expectedAmount(heavy, { purchases: 1, meanAmount: 10 }).expected).toBeGreaterThan(0);
    expect(() => expectedAmount(amounts, { purchases: -1, meanAmount: 10 })).toThrow(RangeError);
  });
});

describe("value at stake", () => {
  const parameters = { r: 1.2, alpha: 4, a: 0.8, b: 2.5 };
  const model = mbgCnbd(1, parameters);
  const client = { repeats: 6, recency: 30, exposure: 36 };
  const spend = { purchases: 6, meanAmount: 50 };

  it("is expected purchases x expected amount x margin", () => {
    const value = valueAtStake(model, client, amounts, spend, { ...question, margin: 0.3 });
    const purchases = model.expectedPurchases(client, 52);
    expect(value.expected).toBeCloseTo(purchases * expectedAmount(amounts, spend).expected! * 0.3, 8);
    expect(value.purchases.expected).toBeCloseTo(purchases, 8);
    expect(value.discount).toBe(1);
  });

  it("holds what simulated futures of this client bring as often as it says", () => {
    const random = seeded(9);
    const alive = model.probabilityAlive(client);
    const totals = Array.from({ length: 20_000 }, () => {
      if (random() >= alive) return 0;
      const rate = gammaSample(parameters.r + 6, random) / (parameters.alpha + 36);
      const leaves = betaSample(parameters.a, parameters.b + 7, random);
      const scale = gammaSample(amounts.q + amounts.p * 6, random) / (amounts.gamma + 300);
      let total = 0;
      for (let time = 0; ; ) {
        time -= Math.log(1 - random()) / rate;
        if (time > 52) return total;
        total += gammaSample(amounts.p, random) / scale;
        if (random() < leaves) return total;
      }
    });
    const { expected, low, high } = valueAtStake(model, client, amounts, spend, { ...question, level: 0.5 });
    const shareBelow = (bound: number) => totals.filter((total) => total <= bound).length / totals.length;
    expect(Math.abs(totals.reduce((sum, total) => sum + total, 0) / totals.length / expected! - 1)).toBeLessThan(0.02);
    expect(Math.abs(shareBelow(low) - 0.25)).toBeLessThan(0.012);
    expect(Math.abs(shareBelow(high) - 0.75)).toBeLessThan(0.012);
    expect(valueAtStake(model, client, amounts, spend, { ...question, level: 0.95 }).low).toBe(0);
  });

  it("discounts what comes later more", () => {
    const at = (discountRateAYear: number, horizon = 52) =>
      valueAtStake(model, client, amounts, spend, { ...question, horizon, discountRateAYear }).discount;
    expect(at(0.1)).toBeLessThan(1);
    expect(at(0.1)).toBeGreaterThan(1 / 1.1);
    expect(at(0.1, 520)).toBeLessThan(at(0.1));
    // A client who never leaves buys evenly: the mean of 1.1^-t over a year is (1 - 1/1.1) / ln 1.1.
    const steady = mbgCnbd(1, { ...parameters, a: 1e-9, b: 1e3 });
    const year = { ...question, horizon: 365.25, unitDays: 1, discountRateAYear: 0.1 };
    expect(valueAtStake(steady, client, amounts, spend, year).discount).toBeCloseTo((1 - 1 / 1.1) / Math.log(1.1), 6);
  });

  it("stays finite for extremes, and is nothing for who is surely gone", () => {
    const models = [model, mbgCnbd(3, parameters), paretoNbd({ r: 0.55, alpha: 10.6, s: 0.6, beta: 11.7 })];
    for (const each of models) {
      for (const [history, paid] of [
        [
          { repeats: 0, recency: 0, exposure: 0 },
          { purchases: 0, meanAmount: 0 },
        ],
        [
          { repeats: 3000, recency: 1043, exposure: 1043 },
          { purchases: 3000, meanAmount: 1e6 },
        ],
        [
          { repeats: 1, recency: 0.1, exposure: 1043 },
          { purchases: 1, meanAmount: 0.01 },
        ],
      ] as const) {
        const value = valueAtStake(each, history, amounts, paid, { ...question, discountRateAYear: 0.1, margin: 0.3 });
        expect([value.expected, value.low, value.high].every((x) => Number.isFinite(x) && x! >= 0)).toBe(true);
        expect(value.high).toBeGreaterThanOrEqual(value.low);
      }
      const gone = { repeats: 3000, recency: 100, exposure: 1043 };
      const value = valueAtStake(each, gone, amounts, { purchases: 3000, meanAmount: 10 }, question);
      expect(value).toMatchObject({ low: 0, high: 0 });
      expect(value.expected).toBeLessThan(1e-6);
      expect(valueAtStake(each, client, amounts, spend, { ...question, horizon: 0 })).toMatchObject({
        expected: 0,
        high: 0,
      });
    }
    expect(() => valueAtStake(model, client, amounts, spend, { ...question, margin: -1 })).toThrow(RangeError);
  });
});
