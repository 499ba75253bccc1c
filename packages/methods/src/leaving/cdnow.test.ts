import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bgNbd, fitBgNbd } from "./bgNbd.ts";
import { fitGammaGamma } from "./gammaGamma.ts";
import { compareHoldOut, forecastHoldOut } from "./holdOut.ts";
import { fitMbgCnbd, mbgCnbd } from "./mbgCnbd.ts";
import { fitNbd } from "./nbd.ts";
import { fitParetoNbd, paretoNbd } from "./paretoNbd.ts";
import { summarisePurchases } from "./purchaseSummary.ts";

const read = (name: string) =>
  readFileSync(new URL(`../../test-data/${name}`, import.meta.url), "utf8")
    .trim()
    .split("\n");

/** The sample as published: x, t_x and T in weeks with two decimals, and the mean amount of the repeat purchases. */
const published = read("cdnow-customers-summary-with-value.csv")
  .slice(1)
  .map((line) => {
    const [, repeats, recency, exposure, meanAmount] = line.split(",").map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { repeats, recency, exposure, meanAmount };
  });

const dayOf = (date: string) =>
  Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`) / 86_400_000;

/** The purchases themselves, summed up here: weeks until 1997-09-30, hold-out of the 39 weeks after. */
const purchases = Map.groupBy(
  read("cdnow-transactions.txt").map((line) => line.trim().split(/\s+/) as [string, string, string, string, string]),
  ([, sample]) => sample,
);
const summed = [...purchases.values()].map((mine) => {
  const days = mine.map(([, , date]) => dayOf(date));
  const endDay = dayOf("19970930");
  const observation = { endDay, unitDays: 7, holdOutEndDay: endDay + 39 * 7 };
  return summarisePurchases(
    days,
    observation,
    mine.map(([, , , , dollars]) => Number(dollars)),
  )!;
});

const rounded = (parameters: object, digits: number) =>
  Object.values(parameters).map((value: number) => Number(value.toFixed(digits)));

describe("CDNOW, 2,357 customers, weeks", () => {
  it("sums up the purchases to what was published", () => {
    expect(summed).toHaveLength(2357);
    for (const [i, client] of summed.entries()) {
      const { repeats, recency, exposure, meanAmount } = published[i]!;
      expect(client.repeats).toBe(repeats);
      expect(Math.abs(client.recency - recency)).toBeLessThan(0.006);
      expect(Math.abs(client.exposure - exposure)).toBeLessThan(0.006);
      expect(Math.abs((client.repeatValue ?? 0) - meanAmount)).toBeLessThan(0.006);
    }
    expect(summed.reduce((sum, { heldOut }) => sum + heldOut, 0)).toBe(1882);
  });

  it("BG/NBD (Fader, Hardie & Lee 2005, table 2)", () => {
    const fit = fitBgNbd(published);
    expect(rounded(fit.parameters, 3)).toEqual([0.243, 4.414, 0.793, 2.426]);
    expect(fit.logLikelihood).toBeCloseTo(-9582.43, 2);
    expect(fit).toMatchObject({ clients: 2357, repeatBuyers: 946, repeats: 2457, converged: true });
  });

  it("Pareto/NBD (Fader, Hardie & Lee 2005, table 2)", () => {
    const fit = fitParetoNbd(published);
    expect(rounded(fit.parameters, 3)).toEqual([0.553, 10.578, 0.606, 11.668]);
    expect(fit.logLikelihood).toBeCloseTo(-9594.97, 1);
    expect(fit.converged).toBe(true);
  });

  it("MBG/NBD, which is MBG/CNBD-1 (Batislam et al. 2007); more regular fits worse", () => {
    const fit = fitMbgCnbd(published, { k: 1 });
    expect(rounded(fit.parameters, 3)).toEqual([0.525, 6.183, 0.891, 1.614]);
    expect(fit.logLikelihood).toBeCloseTo(-9582.13, 2);
    const chosen = fitMbgCnbd(summed);
    expect(chosen.k).toBe(1);
    expect(chosen.tried.map(({ k }) => k)).toEqual([1, 2]);
    expect(chosen.tried[1]!.logLikelihood).toBeLessThan(chosen.logLikelihood);
  });

  it("NBD", () => {
    const fit = fitNbd(published);
    expect(fit.parameters.r).toBeCloseTo(0.385, 3);
    expect(fit.parameters.alpha).toBeCloseTo(12.07, 2);
    expect(fit.logLikelihood).toBeCloseTo(-9763.66, 2);
  });

  it("gamma-gamma of the 946 repeat buyers (Fader & Hardie 2013)", () => {
    const spends = summed.map(({ repeats, repeatValue = 0 }) => ({ purchases: repeats, meanAmount: repeatValue }));
    const fit = fitGammaGamma(spends);
    expect(rounded(fit.parameters, 2)).toEqual([6.25, 3.74, 15.44]);
    expect(fit.logLikelihood).toBeCloseTo(-4055.92, 2);
    expect(fit.clients).toBe(946);
  });

  it("single clients: BG/NBD 1.226 purchases in 39 weeks, Pareto/NBD 25.46 in 52", () => {
    const first = { repeats: 2, recency: 30.43, exposure: 38.86 };
    expect(bgNbd(fitBgNbd(published).parameters).expectedPurchases(first, 39)).toBeCloseTo(1.226, 3);
    const regular = { repeats: 26, recency: 30.86, exposure: 31 };
    expect(paretoNbd(fitParetoNbd(published).parameters).expectedPurchases(regular, 52)).toBeCloseTo(25.46, 2);
  });

  it("weeks 40 to 78: 1,882 repeat purchases came, .626 and .630 correlated with what was expected", () => {
    const clients = summed.map((history) => ({ history, actual: history.heldOut }));
    const compare = (model: Parameters<typeof forecastHoldOut>[0]) =>
      compareHoldOut(forecastHoldOut(model, clients, 39));
    // With the parameters as they are printed, to three digits; unrounded they give 1,653.4.
    const bg = compare(bgNbd({ r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }));
    expect(bg.actual).toBe(1882);
    expect(Math.round(bg.expected)).toBe(1654);
    expect(compare(bgNbd(fitBgNbd(summed).parameters)).expected).toBeCloseTo(1653.4, 1);
    expect(bg.correlation).toBeCloseTo(0.626, 3);
    const pareto = compare(paretoNbd(fitParetoNbd(summed).parameters));
    expect(Math.round(pareto.expected)).toBe(1666);
    expect(pareto.correlation).toBeCloseTo(0.63, 3);

    // "P(alive) is 1 of everyone who bought once" ranks worse than guessing; recency alone does well.
    expect(bg.auc.probabilityAlive).toBeCloseTo(0.316, 3);
    expect(bg.auc.recency).toBeCloseTo(0.7714, 4);
    const mbg = compare(mbgCnbd(1, fitMbgCnbd(summed, { k: 1 }).parameters));
    expect(mbg.auc.probabilityAlive).toBeCloseTo(0.687, 3);
    expect(pareto.auc.probabilityAlive).toBeCloseTo(0.726, 3);
    // Who is alive and who will buy are two questions: the second is answered by the expectation.
    expect(mbg.auc.expectedPurchases).toBeGreaterThan(0.75);
    expect(pareto.auc.expectedPurchases).toBeGreaterThan(0.75);
  });
});
