import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bgNbd, fitBgNbd } from "./bgNbd.ts";
import { expectedAmount, fitGammaGamma } from "./gammaGamma.ts";
import { fitMbgCnbd, mbgCnbd } from "./mbgCnbd.ts";
import { fitNbd, nbd } from "./nbd.ts";
import { fitParetoNbd, paretoNbd } from "./paretoNbd.ts";
import { summarisePurchases } from "./purchaseSummary.ts";

const history = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 40 });
const panel = fc
  .tuple(fc.array(history, { minLength: 1, maxLength: 30 }), fc.constantFrom(1, 7, 365))
  .map(([histories, unitDays]) => histories.map((days) => summarisePurchases(days, { endDay: 2000, unitDays })!))
  .filter((clients) => clients.some(({ repeats }) => repeats > 0));

/** Few clients, strange clients, clients who all did the same: a fit says something finite of all of them. */
describe("any panel in which somebody bought twice", () => {
  it("has a finite fit of every model, none worse than the one in which nobody leaves", () => {
    fc.assert(
      fc.property(panel, (clients) => {
        const fits = [
          [fitBgNbd(clients), bgNbd],
          [fitMbgCnbd(clients, { k: 2 }), (p: Parameters<typeof mbgCnbd>[1]) => mbgCnbd(2, p)],
          [fitParetoNbd(clients), paretoNbd],
          [fitNbd(clients), nbd],
        ] as const;
        for (const [fit, create] of fits) {
          expect(Number.isFinite(fit.logLikelihood)).toBe(true);
          const model = create(fit.parameters as never);
          for (const client of clients) {
            expect(model.probabilityAlive(client)).toBeGreaterThanOrEqual(0);
            expect(Number.isFinite(model.expectedPurchases(client, 10))).toBe(true);
          }
        }
        // Nobody leaves in the NBD, which is the edge of the others: they can't fit worse.
        for (const [fit] of fits.filter((_, i) => i === 0 || i === 2)) {
          expect(fit.logLikelihood).toBeGreaterThan(fits[3][0].logLikelihood - 0.05);
        }
      }),
      { numRuns: 60, seed: 8 },
    );
  });

  it("has amounts that gamma-gamma can be fitted to", () => {
    const spends = fc.array(
      fc.record({
        purchases: fc.integer({ min: 1, max: 50 }),
        meanAmount: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(spends, (given) => {
        const { parameters, logLikelihood } = fitGammaGamma(given);
        expect(Number.isFinite(logLikelihood)).toBe(true);
        for (const spend of given) {
          const { low, high } = expectedAmount(parameters, spend);
          expect(Number.isFinite(high) && low > 0 && high >= low).toBe(true);
        }
      }),
      { numRuns: 60, seed: 9 },
    );
  });
});
