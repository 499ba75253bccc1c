import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultGammaPrior, fitGammaPoissonPrior } from "./silencePrior.ts";

function cdnowCustomers() {
  const csv = readFileSync(new URL("../test-data/cdnow-customers-summary.csv", import.meta.url), "utf8");
  return csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [, frequency, , weeks] = line.split(",");
      return { repeats: Number(frequency), exposure: Number(weeks) };
    });
}

describe("gamma-Poisson prior", () => {
  it("reproduces the published NBD fit of CDNOW", () => {
    const fit = fitGammaPoissonPrior(cdnowCustomers());
    expect(fit.origin).toBe("fitted");
    expect(fit.clients).toBe(2357);
    expect(fit.prior.r).toBeCloseTo(0.385, 3);
    expect(fit.prior.alpha).toBeCloseTo(12.07, 2);
    expect(fit.logLikelihood).toBeCloseTo(-9763.66, 2);
  });

  it("does not depend on the unit of time", () => {
    const weeks = fitGammaPoissonPrior(cdnowCustomers()).prior;
    const days = fitGammaPoissonPrior(cdnowCustomers().map((c) => ({ ...c, exposure: c.exposure * 7 }))).prior;
    expect(days.r).toBeCloseTo(weeks.r, 6);
    expect(days.alpha).toBeCloseTo(7 * weeks.alpha, 4);
  });

  it("falls back to a weak default for few clients or few repeats", () => {
    const few = Array.from({ length: 29 }, () => ({ repeats: 5, exposure: 100 }));
    expect(fitGammaPoissonPrior(few)).toMatchObject({ origin: "default", prior: defaultGammaPrior });
    const idle = Array.from({ length: 500 }, () => ({ repeats: 0, exposure: 100 }));
    expect(fitGammaPoissonPrior(idle)).toMatchObject({ origin: "default", prior: defaultGammaPrior });
    expect(fitGammaPoissonPrior([]).prior).toEqual(defaultGammaPrior);
  });

  it("stays weak where all clients are alike: worth ten events at most, at their mean rate", () => {
    const alike = Array.from({ length: 100 }, () => ({ repeats: 10, exposure: 100 }));
    const { prior } = fitGammaPoissonPrior(alike);
    expect(prior.r).toBe(10);
    expect(prior.r / prior.alpha).toBeCloseTo(0.1, 6);
  });

  it("leaves out clients without any exposure, and refuses impossible ones", () => {
    const customers = cdnowCustomers();
    const fit = fitGammaPoissonPrior([...customers, { repeats: 0, exposure: 0 }]);
    expect(fit).toEqual(fitGammaPoissonPrior(customers));
    expect(() => fitGammaPoissonPrior([{ repeats: 1, exposure: 0 }])).toThrow(RangeError);
    expect(() => fitGammaPoissonPrior([{ repeats: 1.5, exposure: 9 }])).toThrow(RangeError);
    expect(() => fitGammaPoissonPrior([{ repeats: 1, exposure: Number.NaN }])).toThrow(RangeError);
  });
});
