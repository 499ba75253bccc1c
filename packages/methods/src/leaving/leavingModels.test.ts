import { hyp2f1 } from "cephes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bgNbd } from "./bgNbd.ts";
import { intervalOfPurchases } from "./futurePurchases.ts";
import type { LeavingModel } from "./leavingModel.ts";
import { mbgCnbd } from "./mbgCnbd.ts";
import { nbd } from "./nbd.ts";
import { paretoNbd } from "./paretoNbd.ts";
import { simulateBetaGeometric, simulateParetoNbd } from "./testing/simulate.ts";

const positive = (least: number, most: number) =>
  fc.double({ min: Math.log(least), max: Math.log(most), noNaN: true }).map(Math.exp);
const betaGeometric = fc.record({
  r: positive(0.05, 30),
  alpha: positive(0.05, 300),
  a: positive(0.02, 30),
  b: positive(0.02, 30),
});

const anyModel: fc.Arbitrary<LeavingModel> = fc.oneof(
  betaGeometric.map(bgNbd),
  fc.tuple(fc.integer({ min: 1, max: 6 }), betaGeometric).map(([k, parameters]) => mbgCnbd(k, parameters)),
  fc
    .record({ r: positive(0.05, 30), alpha: positive(0.05, 300), s: positive(0.02, 30), beta: positive(0.05, 300) })
    .map(paretoNbd),
  fc.record({ r: positive(0.05, 30), alpha: positive(0.05, 300) }).map(nbd),
);

const anyClient = fc
  .tuple(fc.integer({ min: 0, max: 120 }), positive(0.01, 300), fc.double({ min: 0, max: 300, noNaN: true }))
  .map(([repeats, bought, silence]) => ({
    repeats,
    recency: repeats === 0 ? 0 : bought,
    exposure: (repeats === 0 ? 0 : bought) + silence,
  }));

describe("laws of every model", () => {
  it("P(alive) is a probability, and falls as silence grows", () => {
    fc.assert(
      fc.property(anyModel, anyClient, positive(0.01, 100), (model, client, longer) => {
        const now = model.probabilityAlive(client);
        const later = model.probabilityAlive({ ...client, exposure: client.exposure + longer });
        expect(now).toBeGreaterThanOrEqual(0);
        expect(now).toBeLessThanOrEqual(1);
        expect(later).toBeLessThanOrEqual(now + 1e-9);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("expectations are never negative and grow with the horizon", () => {
    fc.assert(
      fc.property(
        anyModel,
        anyClient,
        positive(0.01, 30),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (model, client, near, times) => {
          const expected = [0, near, near * times].map((horizon) => model.expectedPurchases(client, horizon));
          expect(expected[0]).toBe(0);
          expect(expected[1]).toBeGreaterThanOrEqual(0);
          expect(expected[2]).toBeGreaterThanOrEqual(expected[1]! * (1 - 1e-6) - 1e-9);
          const fresh = [0, near, near * times].map(model.expectedOfNewClient);
          expect(fresh[0]).toBe(0);
          expect(fresh[2]).toBeGreaterThanOrEqual(fresh[1]! * (1 - 1e-6) - 1e-9);
        },
      ),
      { numRuns: 200, seed: 2 },
    );
  });

  it("the distribution of purchases falls, and its mean is what is expected", () => {
    fc.assert(
      fc.property(anyModel, anyClient, positive(0.01, 30), (model, client, horizon) => {
        const { expected, atLeast } = model.futurePurchases(client, horizon);
        for (let m = 1; m < atLeast.length; m++) expect(atLeast[m]).toBeLessThanOrEqual(atLeast[m - 1]! + 1e-12);
        expect(Math.abs(expected - model.expectedPurchases(client, horizon))).toBeLessThan(1e-7 * (1 + expected));
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe("extremes stay finite", () => {
  const parameters = { r: 0.5, alpha: 6, a: 0.9, b: 1.6 };
  const models = {
    "BG/NBD": bgNbd(parameters),
    "MBG/NBD": mbgCnbd(1, parameters),
    "MBG/CNBD-6": mbgCnbd(6, { ...parameters, alpha: 1 }),
    "MBG/CNBD-2 with a = 1": mbgCnbd(2, { ...parameters, a: 1 }),
    "Pareto/NBD": paretoNbd({ r: 0.55, alpha: 10.6, s: 0.6, beta: 11.7 }),
    "Pareto/NBD with s = 1": paretoNbd({ r: 0.55, alpha: 10.6, s: 1, beta: 10.6 }),
    "Pareto/NBD, all alike": paretoNbd({ r: 1e5, alpha: 1e6, s: 1e5, beta: 1e7 }),
    "nobody leaves": mbgCnbd(1, { ...parameters, a: 1e-9, b: 1e6 }),
    NBD: nbd({ r: 0.385, alpha: 12 }),
  };
  const clients = {
    "came today": { repeats: 0, recency: 0, exposure: 0 },
    "one purchase 20 years ago": { repeats: 0, recency: 0, exposure: 1043 },
    "all repeats on the first day": { repeats: 3, recency: 0, exposure: 52 },
    "5,000 purchases in 20 years, the last just now": { repeats: 5000, recency: 1043, exposure: 1043 },
    "5,000 purchases in 3 years, then 17 of silence": { repeats: 5000, recency: 156, exposure: 1043 },
    "bought at the last moment": { repeats: 2, recency: 30, exposure: 30 },
  };

  it.each(Object.keys(models) as (keyof typeof models)[])("%s", (name) => {
    for (const client of Object.values(clients)) {
      const alive = models[name].probabilityAlive(client);
      expect(alive >= 0 && alive <= 1).toBe(true);
      for (const horizon of [0, 1, 520]) {
        const { expected } = models[name].futurePurchases(client, horizon);
        expect(Number.isFinite(expected) && expected >= 0).toBe(true);
        expect(models[name].expectedPurchases(client, horizon)).toBeCloseTo(expected, 6);
      }
    }
    expect(Number.isFinite(models[name].expectedOfNewClient(1043))).toBe(true);
  });

  it("5,000 purchases and then silence is surely gone, or surely there when the last was just now", () => {
    for (const name of ["BG/NBD", "MBG/NBD", "MBG/CNBD-6", "Pareto/NBD"] as const) {
      expect(models[name].probabilityAlive(clients["5,000 purchases in 3 years, then 17 of silence"])).toBeLessThan(
        1e-12,
      );
      expect(models[name].probabilityAlive(clients["5,000 purchases in 20 years, the last just now"])).toBeGreaterThan(
        0.99,
      );
    }
    expect(models["BG/NBD"].probabilityAlive(clients["one purchase 20 years ago"])).toBe(1);
  });

  it("refuses what can't be", () => {
    const [model, client] = [models["MBG/NBD"], clients["bought at the last moment"]];
    expect(() => model.probabilityAlive({ repeats: 1.5, recency: 1, exposure: 2 })).toThrow(RangeError);
    expect(() => model.probabilityAlive({ repeats: 1, recency: 3, exposure: 2 })).toThrow(RangeError);
    expect(() => model.expectedPurchases(client, -1)).toThrow(RangeError);
    expect(() => model.expectedPurchases(client, Number.NaN)).toThrow(RangeError);
    expect(() => mbgCnbd(0, parameters)).toThrow(RangeError);
    expect(() => bgNbd({ ...parameters, a: 0 })).toThrow(RangeError);
    expect(() => intervalOfPurchases(model.futurePurchases(client, 1), 1)).toThrow(RangeError);
  });
});

it("BG/NBD: the series agrees with the paper's hypergeometric formula (Fader, Hardie & Lee 2005, equation 10)", () => {
  const [r, alpha, a, b, t] = [0.243, 4.414, 0.793, 2.426, 39];
  for (const [x, recency, exposure] of [
    [0, 0, 38.86],
    [2, 30.43, 38.86],
    [9, 20, 30],
  ] as const) {
    const z = t / (alpha + exposure + t);
    const growth = 1 - (1 - z) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z);
    const gone = x > 0 ? (a / (b + x - 1)) * ((alpha + exposure) / (alpha + recency)) ** (r + x) : 0;
    const formula = (((a + b + x - 1) / (a - 1)) * growth) / (1 + gone);
    const series = bgNbd({ r, alpha, a, b }).expectedPurchases({ repeats: x, recency, exposure }, t);
    expect(series).toBeCloseTo(formula, 8);
  }
});

/** Simulated clients know their future: forecasts must add up to it, and intervals must hold it as often as they say. */
describe("forecasts of simulated clients", () => {
  const panel = { clients: 20_000, seed: 11, exposure: 52, horizon: 26 };
  const worlds = {
    "MBG/CNBD-3": () => {
      const parameters = { r: 1.3, alpha: 0.9, a: 0.7, b: 3 };
      const clients = simulateBetaGeometric({ ...parameters, k: 3, leavesAtFirst: true }, panel);
      return { model: mbgCnbd(3, parameters), clients };
    },
    "Pareto/NBD": () => {
      const parameters = { r: 0.9, alpha: 4, s: 0.8, beta: 30 };
      return { model: paretoNbd(parameters), clients: simulateParetoNbd(parameters, panel) };
    },
  };

  it.each(Object.keys(worlds) as (keyof typeof worlds)[])("%s", (name) => {
    const { model, clients } = worlds[name]();
    const sum = (of: (client: (typeof clients)[number]) => number) =>
      clients.reduce((total, client) => total + of(client), 0);
    const actual = sum((client) => client.heldOut);
    expect(Math.abs(sum((client) => model.expectedPurchases(client, panel.horizon)) / actual - 1)).toBeLessThan(0.02);

    const some = clients.slice(0, 3000);
    let [inside, promised, buyers, expectedBuyers] = [0, 0, 0, 0];
    for (const client of some) {
      const future = model.futurePurchases(client, panel.horizon);
      const { low, high } = intervalOfPurchases(future, 0.8);
      if (client.heldOut >= low && client.heldOut <= high) inside++;
      // Whole numbers: an interval holds at least .8, often more.
      promised += (future.atLeast[low] ?? 0) - (future.atLeast[high + 1] ?? 0);
      if (client.heldOut > 0) buyers++;
      expectedBuyers += future.atLeast[1] ?? 0;
    }
    expect(promised / some.length).toBeGreaterThanOrEqual(0.8);
    expect(Math.abs(inside - promised) / some.length).toBeLessThan(0.02);
    expect(Math.abs(buyers - expectedBuyers) / some.length).toBeLessThan(0.02);

    const repeats = sum((client) => client.repeats) / clients.length;
    expect(Math.abs(model.expectedOfNewClient(panel.exposure) / repeats - 1)).toBeLessThan(0.03);
  });
});
