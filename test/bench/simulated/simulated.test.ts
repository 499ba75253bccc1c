import { seededRandom } from "@keypulse/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelLaws, channelRules } from "./channels.ts";
import { drawCompany } from "./company.ts";
import { together } from "./judge.ts";
import { lastYearFactors } from "./season.ts";

const ones = (length: number): number[] => new Array<number>(length).fill(1);

describe("last year's season", () => {
  it("is 1 until last year is whole, and knows nothing of the future", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 79, maxLength: 160 }), fc.nat(150), (counts, cut) => {
        const season = lastYearFactors(counts, ones(counts.length), 5);
        expect(season.slice(0, 78)).toEqual(ones(78));
        const known = counts.slice(0, cut);
        expect(lastYearFactors(known, ones(known.length), 5)).toEqual(season.slice(0, cut));
      }),
      { numRuns: 50 },
    );
  });

  it("is last year's ratio where there are many events, and near 1 where there are few", () => {
    const quiet = (count: number) => Array.from({ length: 160 }, (_, week) => (week % 52 < 8 ? count / 5 : count));
    const inside = 2 * 52 + 4;
    const mean = (52 - 8 * 0.8) / 52;
    expect(lastYearFactors(quiet(1_000), ones(160), 5)[inside]).toBeCloseTo(0.25, 1);
    expect(lastYearFactors(quiet(1_000), ones(160), 5)[inside + 26]).toBeCloseTo(1 / mean, 1);
    expect(lastYearFactors(quiet(0.01), ones(160), 5)[inside]).toBeCloseTo(1, 1);
  });
});

describe("simulated companies", () => {
  const law = channelLaws(150)["four channels"]!;
  const company = drawCompany(law, seededRandom(3));

  it("have the rates that are written down", () => {
    for (const [i, { rate, used }] of law.channels.entries()) {
      const events = company.clients.reduce((sum, client) => sum + client[i]!.reduce((a, b) => a + b, 0), 0);
      // Scales are log-uniform from .3 to 3, levels log-normal of standard deviation .2.
      const expected = ((3 - 0.3) / Math.log(10)) * Math.exp(0.02) * rate * used * law.weeks * law.clients;
      // Scale and use differ by client: a standard error of some 7 %.
      expect(Math.abs(events / expected - 1)).toBeLessThan(0.3);
    }
  });

  it("give Stouffer's sum a standard deviation of 1, however alike channels are", () => {
    const panel = {
      company,
      factors: law.channels.map(() => ones(law.weeks)),
      allFactors: ones(law.weeks),
      learnUntil: law.weeks - 1,
    };
    const score = channelRules.find(({ title }) => title.startsWith("Stouffer's sum, equally"))!.learn(panel);
    const scores = company.clients.flatMap((client) => score(client, 0).filter((number) => number !== undefined));
    const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
    const variance = scores.reduce((sum, number) => sum + (number - mean) ** 2, 0) / scores.length;
    expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(Math.abs(Math.sqrt(variance) - 1)).toBeLessThan(0.1);
    expect(
      together([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual([4, 6]);
  });
});
