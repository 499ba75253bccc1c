import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitSilencePrior, silenceHistoryOf } from "./channel/channelContext.ts";
import { seededRandom } from "./random.ts";
import { fitRegularity, gapLaw, gapLawAtTail, gapLawTail, randomGaps } from "./regularGaps.ts";
import { defaultSilenceSettings, detectSilence, gapTail, ratePosterior, silenceDeadline } from "./silence.ts";
import type { GammaPrior } from "./silencePrior.ts";

const dayMs = 86_400_000;
const prior: GammaPrior = { r: 1.2, alpha: 40 };

/** Gamma with whole shape. */
function erlang(k: number, rate: number, random: () => number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) sum -= Math.log(1 - random()) / rate;
  return sum;
}

/** A client's gaps: mean about 20 to 70 days, as regular as k says. */
function gapsOf(k: number, gaps: number, random: () => number): number[] {
  const meanGap = 20 + 50 * random();
  return Array.from({ length: gaps }, () => erlang(k, k / meanGap, random));
}

const gapSumsOf = ({ days }: { days: readonly number[] }) => sums(days.slice(1).map((day, i) => day - days[i]!));
const sums = (gaps: readonly number[]) => ({
  repeats: gaps.length,
  spanDays: gaps.reduce((sum, gap) => sum + gap, 0),
  sumLogGapDays: gaps.reduce((sum, gap) => sum + Math.log(gap), 0),
});

describe("the law of a client's gaps", () => {
  it("is the Lomax tail where gaps come at random", () => {
    const posterior = ratePosterior(prior, 9, 90);
    const law = gapLaw(prior, randomGaps, { repeats: 9, spanDays: 90, sumLogGapDays: 20 });
    for (const gap of [0, 1, 10, 100, 1000]) expect(gapLawTail(law, gap)).toBeCloseTo(gapTail(posterior, gap), 12);
    expect(law.expectedGapDays).toBeCloseTo(posterior.rateDays / posterior.shape, 12);
  });

  it("is what gaps do: an Erlang's tail with its rate drawn from the posterior", () => {
    const law = gapLaw(prior, [{ k: 3, share: 1 }], { repeats: 4, spanDays: 100, sumLogGapDays: 4 * Math.log(25) });
    const { shape, rateDays } = law.parts[0]!;
    const random = seededRandom(1);
    // Shape 1.2 + 12: a gamma by the normal approximation of Wilson & Hilferty (1931), exact enough for three digits.
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const rate = () => (shape * (1 - 1 / (9 * shape) + normal() / (3 * Math.sqrt(shape))) ** 3) / rateDays;
    const draws = 40_000;
    let longer = 0;
    for (let i = 0; i < draws; i++) if (erlang(3, rate(), random) > 40) longer++;
    const tail = gapLawTail(law, 40);
    expect(Math.abs(longer / draws - tail)).toBeLessThan(4 * Math.sqrt((tail * (1 - tail)) / draws) + 0.002);
  });

  it("inverts: the tail of the gap of a tail is that tail, and it falls with the gap", () => {
    const shares = [1, 2, 3, 4, 6].map((k) => ({ k, share: 0.2 }));
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 400, noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        (gaps, probability) => {
          const law = gapLaw(prior, shares, sums(gaps));
          const gap = gapLawAtTail(law, probability);
          expect(Math.abs(gapLawTail(law, gap) / probability - 1)).toBeLessThan(1e-8);
          expect(gapLawTail(law, gap * 1.1 + 1)).toBeLessThan(probability);
        },
      ),
    );
  });
});

describe("how regular a panel is", () => {
  it("is found again", () => {
    const random = seededRandom(2);
    const panel = Array.from({ length: 600 }, (_, i) => sums(gapsOf(i < 420 ? 4 : 1, 12, random)));
    const found = fitRegularity(panel, { r: 2, alpha: 60 });
    const share = (k: number) => found.find((part) => part.k === k)!.share;
    // Neighbours share what twelve gaps can't tell apart: regular is three or more.
    expect(share(3) + share(4) + share(6)).toBeGreaterThan(0.6);
    expect(share(1) + share(2)).toBeGreaterThan(0.22);
    expect(found.reduce((sum, part) => sum + part.share, 0)).toBeCloseTo(1, 9);
  });

  it("is at random where gaps are, and where too few can tell", () => {
    const random = seededRandom(3);
    const panel = Array.from({ length: 400 }, () => sums(gapsOf(1, 10, random)));
    expect(fitRegularity(panel, { r: 2, alpha: 60 })[0]!.share).toBeGreaterThan(0.9);
    expect(fitRegularity(panel.slice(0, 20), prior)).toEqual([{ k: 1, share: 1 }]);
  });
});

describe("silence of regular clients", () => {
  const random = seededRandom(4);
  const firstAtMs = Date.UTC(2024, 0, 1);
  const channels = Array.from({ length: 500 }, () => {
    const days = [0];
    for (const gap of gapsOf(4, 30, random)) days.push(days.at(-1)! + Math.max(1, Math.round(gap)));
    return { days, firstAtMs, lastAtMs: firstAtMs + days.at(-1)! * dayMs };
  });
  const fitted = fitSilencePrior(channels, Math.max(...channels.map(({ lastAtMs }) => lastAtMs)));
  const { regularity: _, ...atRandom } = fitted;
  const upTo = ({ days }: (typeof channels)[number], count: number) => ({
    days: days.slice(0, count),
    firstAtMs,
    lastAtMs: firstAtMs + days[count - 1]! * dayMs,
  });

  it("is called earlier than where gaps are taken to come at random, exactly at its deadline", () => {
    let earlier = 0;
    for (const channel of channels) {
      const history = silenceHistoryOf(upTo(channel, 12));
      const deadline = silenceDeadline(history, fitted, defaultSilenceSettings)!;
      if (deadline < silenceDeadline(history, atRandom, defaultSilenceSettings)!) earlier++;
      const at = (ms: number) => detectSilence(history, fitted, defaultSilenceSettings, ms);
      expect(at(deadline - 1).state).toBe("quiet_ok");
      const called = at(deadline);
      expect(called).toMatchObject({ state: "silent" });
      if (called.state === "silent") expect(called.tailProbability / called.tailThreshold).toBeCloseTo(1, 4);
    }
    expect(earlier / channels.length).toBeGreaterThan(0.95);
  });

  it.each([0.1, 0.25, 0.5])("keeps the budget of %d on clients who never leave", (budget) => {
    const settings = { ...defaultSilenceSettings, falseAlarmsPerClientYear: budget };
    let falseAlarms = 0;
    let watchedDays = 0;
    for (const channel of channels) {
      for (let count = 4; count < channel.days.length; count++) {
        const history = silenceHistoryOf(upTo(channel, count));
        const next = firstAtMs + channel.days[count]! * dayMs;
        watchedDays += (next - history.lastActiveMs) / dayMs;
        if (silenceDeadline(history, fitted, settings)! < next) falseAlarms++;
      }
    }
    const aYear = falseAlarms / (watchedDays / 365.25);
    expect(aYear).toBeLessThan(budget * 1.15);
    expect(aYear).toBeGreaterThan(budget * 0.25);
  });

  it("takes nobody for regular only because days are whole: who comes on most days at random is at random", () => {
    const often = Array.from({ length: 100 }, () => {
      const days = Array.from({ length: 300 }, (_, day) => day).filter((day) => day === 0 || random() < 0.6);
      return { days, firstAtMs, lastAtMs: firstAtMs + days.at(-1)! * dayMs };
    });
    const { regularity } = fitSilencePrior([...often, ...channels], firstAtMs + 900 * dayMs);
    expect(regularity).toEqual(
      fitRegularity(channels.map(gapSumsOf), fitSilencePrior([...often, ...channels], firstAtMs + 900 * dayMs)),
    );
    const found = detectSilence(silenceHistoryOf(often[0]!), fitted, defaultSilenceSettings, often[0]!.lastAtMs);
    expect(found).toMatchObject({ regularity: 1 });
  });

  it("stays what it was without the gaps' logarithms", () => {
    const { sumLogGapDays: _, ...history } = silenceHistoryOf(channels[0]!);
    expect(silenceDeadline(history, fitted, defaultSilenceSettings)).toBe(
      silenceDeadline(history, atRandom, defaultSilenceSettings),
    );
  });
});
