import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  defaultSilenceSettings,
  detectSilence,
  gapAtTail,
  gapTail,
  type MonitoredSilence,
  ratePosterior,
  type SilenceHistory,
  silenceDeadline,
  silenceTailThreshold,
} from "./silence.ts";
import type { GammaPrior } from "./silencePrior.ts";

const DAY_MS = 86_400_000;
const prior: GammaPrior = { r: 1, alpha: 60 };
const startMs = Date.UTC(2026, 0, 5, 9);
/** Every 10 days for 90 days: x = 9, t_x = 90. */
const everyTenDays: SilenceHistory = { activeDays: 10, firstActiveMs: startMs, lastActiveMs: startMs + 90 * DAY_MS };

function silenceAfter(days: number, absences: Parameters<typeof detectSilence>[4] = []): MonitoredSilence {
  const nowMs = everyTenDays.lastActiveMs + days * DAY_MS;
  const finding = detectSilence(everyTenDays, prior, defaultSilenceSettings, nowMs, absences);
  if (finding.state === "unmonitored") throw new Error("should be monitored");
  return finding;
}

describe("the gap tail", () => {
  it("is ((a + t_x) / (a + t_x + g))^(r + x)", () => {
    const posterior = ratePosterior(prior, 9, 90);
    expect(gapTail(posterior, 30)).toBeCloseTo((150 / 180) ** 10, 12);
    expect(gapTail(posterior, 0)).toBe(1);
  });

  it("inverts exactly: the tail of the gap of a tail is that tail", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        // Without a repeat nobody is watched, and the gap of a tail may be longer than numbers reach.
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 3000, noNaN: true }),
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        (r, alpha, repeats, spanDays, probability) => {
          const posterior = ratePosterior({ r, alpha }, repeats, spanDays);
          const back = gapTail(posterior, gapAtTail(posterior, probability));
          expect(Math.abs(back / probability - 1)).toBeLessThan(1e-9);
        },
      ),
    );
  });

  it("spends the budget over the client's gaps a year", () => {
    const posterior = ratePosterior(prior, 9, 90);
    const gapsAYear = (365.25 * 10) / 150;
    expect(silenceTailThreshold(posterior, 0.1)).toBeCloseTo(0.1 / gapsAYear, 12);
    expect(silenceTailThreshold(ratePosterior(prior, 0, 3000), 5)).toBe(0.5);
  });
});

describe("silence", () => {
  it("is called at its deadline, not a millisecond before", () => {
    const { deadlineMs, criticalGapDays } = silenceAfter(1);
    expect(deadlineMs).toBe(silenceDeadline(everyTenDays, prior, defaultSilenceSettings));
    const at = (nowMs: number) => detectSilence(everyTenDays, prior, defaultSilenceSettings, nowMs).state;
    expect(at(deadlineMs! - 1)).toBe("quiet_ok");
    expect(at(deadlineMs!)).toBe("silent");
    expect(criticalGapDays).toBeCloseTo((deadlineMs! - everyTenDays.lastActiveMs) / DAY_MS, 6);
  });

  it("explains itself: usual gap, gap, how unusual", () => {
    const finding = silenceAfter(120);
    expect(finding).toMatchObject({ state: "silent", repeats: 9, gapDays: 120, effectiveGapDays: 120 });
    expect(finding.expectedGapDays).toBeCloseTo(15, 12);
    expect(finding.timesExpected).toBeCloseTo(8, 12);
    expect(finding.tailProbability).toBeLessThan(finding.tailThreshold);
  });

  it("comes later for a smaller budget and for a less regular client", () => {
    const strict = silenceDeadline(everyTenDays, prior, { ...defaultSilenceSettings, falseAlarmsPerClientYear: 0.02 });
    expect(strict).toBeGreaterThan(silenceAfter(1).deadlineMs!);
    const rarer = { ...everyTenDays, activeDays: 5 };
    expect(silenceDeadline(rarer, prior, defaultSilenceSettings)).toBeGreaterThan(silenceAfter(1).deadlineMs!);
  });

  it("is not judged on fewer repeats than the setting", () => {
    const young = { ...everyTenDays, activeDays: 3 };
    const finding = detectSilence(young, prior, defaultSilenceSettings, startMs + 900 * DAY_MS);
    expect(finding).toEqual({ state: "unmonitored", reason: "too_few_repeats", repeats: 2 });
    expect(silenceDeadline(young, prior, defaultSilenceSettings)).toBeUndefined();
    expect(silenceDeadline(young, prior, { ...defaultSilenceSettings, minRepeats: 2 })).toBeDefined();
  });

  it("has no negative gap for an event dated ahead of the clock", () => {
    expect(silenceAfter(-2)).toMatchObject({ state: "quiet_ok", gapDays: 0, effectiveGapDays: 0, tailProbability: 1 });
  });

  it("refuses impossible histories and times", () => {
    const refuse = (changed: Partial<SilenceHistory>, nowMs = startMs + 100 * DAY_MS) =>
      expect(() => detectSilence({ ...everyTenDays, ...changed }, prior, defaultSilenceSettings, nowMs)).toThrow(
        RangeError,
      );
    refuse({ activeDays: 0 });
    refuse({ lastActiveMs: startMs - 1 });
    refuse({}, Number.NaN);
    expect(() => ratePosterior({ r: 0, alpha: 1 }, 3, 10)).toThrow(RangeError);
  });
});

describe("silence of the data is not silence of the client", () => {
  const lastMs = everyTenDays.lastActiveMs;
  const broken = { startMs: lastMs + 20 * DAY_MS, endMs: lastMs + 50 * DAY_MS };

  it("an outage moves the deadline by its length and leaves the gap's days out", () => {
    const plain = silenceAfter(60);
    const moved = silenceAfter(60, [broken]);
    expect(moved.deadlineMs! - plain.deadlineMs!).toBe(30 * DAY_MS);
    expect(moved).toMatchObject({ gapDays: 60, effectiveGapDays: 30 });
    expect(moved.tailProbability).toBeCloseTo(silenceAfter(30).tailProbability, 12);
  });

  it("an outage that overlaps another counts once, and one before the last event not at all", () => {
    const overlapping = { startMs: lastMs + 30 * DAY_MS, endMs: lastMs + 40 * DAY_MS };
    const earlier = { startMs: lastMs - 40 * DAY_MS, endMs: lastMs - 10 * DAY_MS };
    expect(silenceAfter(60, [broken, overlapping, earlier]).effectiveGapDays).toBe(30);
  });

  it("nothing fires, and no deadline is known, while the source is still broken", () => {
    const finding = silenceAfter(400, [{ startMs: broken.startMs, endMs: undefined }]);
    expect(finding).toMatchObject({ state: "quiet_ok", deadlineMs: undefined, effectiveGapDays: 20 });
  });

  it("what was silent before the source broke stays silent", () => {
    const finding = silenceAfter(400, [{ startMs: lastMs + 300 * DAY_MS, endMs: undefined }]);
    expect(finding.state).toBe("silent");
    expect(finding.deadlineMs).toBe(silenceAfter(400).deadlineMs);
  });
});

describe("the budget is kept", () => {
  /** mulberry32: the same clients in every run. */
  function seededRandom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  /** Gamma with whole shape: a sum of exponentials. */
  function gamma(shape: number, rate: number, random: () => number): number {
    let sum = 0;
    for (let i = 0; i < shape; i++) sum -= Math.log(1 - random()) / rate;
    return sum;
  }

  it.each([0.05, 0.1, 0.25, 0.5])("at %d false alarms a client-year on clients who never leave", (budget) => {
    const random = seededRandom(20261122);
    const panel: GammaPrior = { r: 1, alpha: 25 };
    const settings = { ...defaultSilenceSettings, falseAlarmsPerClientYear: budget };
    const endDays = 3 * 365;
    let falseAlarms = 0;
    let watchedDays = 0;
    for (let client = 0; client < 3000; client++) {
      const rate = gamma(panel.r, panel.alpha, random);
      let day = 0;
      let lastActiveDay = -1;
      let activeDays = 0;
      const monitored = () => activeDays - 1 >= settings.minRepeats;
      while (day < endDays) {
        if (Math.floor(day) !== lastActiveDay) activeDays++;
        lastActiveDay = Math.floor(day);
        const next = day - Math.log(1 - random()) / rate;
        if (monitored()) {
          const history = { activeDays, firstActiveMs: 0, lastActiveMs: day * DAY_MS };
          const seenUntilDay = Math.min(next, endDays);
          watchedDays += seenUntilDay - day;
          if (silenceDeadline(history, panel, settings)! < seenUntilDay * DAY_MS) falseAlarms++;
        }
        day = next;
      }
    }
    const falseAlarmsAYear = falseAlarms / (watchedDays / 365.25);
    expect(falseAlarmsAYear).toBeLessThan(budget * 1.1);
    expect(falseAlarmsAYear).toBeGreaterThan(budget * 0.5);
  });
});
