import { describe, expect, it } from "vitest";
import { calibrateDropThreshold, falseAlarmCurve } from "./dropCalibration.ts";
import { dropHistoryInPanel, paddedCounts, panelWeeks } from "./dropPanel.ts";
import { dropPresets } from "./dropScore.ts";
import { dropThreshold } from "./dropThreshold.ts";
import { judgeDropHistories } from "./judge.ts";
import type { WeeklyHistory } from "./peerFactor.ts";

const lastWeek = 2960;
const weeks = 156;

function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

/** 60 clients of 1 to 8 events a week for three years; in week `closed` all of them have a tenth. */
function panelOf(seed: number, closed = -1): WeeklyHistory[] {
  const random = seededRandom(seed);
  return Array.from({ length: 60 }, (_, client) => {
    const mean = 1 + (client % 8);
    const counts = Array.from({ length: weeks }, (_, week) => poisson(week === closed ? mean / 10 : mean, random));
    return { firstWeek: lastWeek - weeks + 1, counts };
  });
}

describe("a panel from weekly counts to episodes", () => {
  it("finds the client that left, and says nothing of the week in which all paused", () => {
    const histories = panelOf(7, 120);
    const leaver: WeeklyHistory = { firstWeek: lastWeek - weeks + 1, counts: Array(130).fill(6) };
    const panel = panelWeeks([...histories, leaver], lastWeek, dropPresets.fast);
    expect(panel.factors[120]).toBeLessThan(0.35);
    const settings = { preset: dropPresets.fast, threshold: dropThreshold(0.25, dropPresets.fast) };
    const episodes = dropHistoryInPanel(leaver, panel, settings).episodes;
    expect(episodes).toHaveLength(1);
    expect(episodes[0]!.openedWeek).toBeGreaterThanOrEqual(130);
    expect(episodes[0]!.openedWeek).toBeLessThanOrEqual(133);
    const inPause = histories.flatMap((history) =>
      dropHistoryInPanel(history, panel, settings).episodes.filter((episode) => episode.openedWeek === 120),
    );
    expect(inPause.length).toBeLessThanOrEqual(2);
  });

  it("raises everybody's bar with the steady preset when many look low at once", () => {
    const histories = panelOf(3).map((history, client) => ({
      ...history,
      // Half of the clients are away for three weeks: the peer factor takes out only the mean of it.
      counts: Array.from(history.counts, (count, week) => (client % 2 === 0 && week >= 100 && week < 103 ? 0 : count)),
    }));
    const panel = panelWeeks(histories, lastWeek, dropPresets.steady);
    expect(Math.max(...panel.spreadFactors.slice(100, 106))).toBeGreaterThan(1.2);
    expect(panelWeeks(histories, lastWeek, dropPresets.fast).spreadFactors.every((c) => c === 1)).toBe(true);
  });

  it("sets the threshold from history so that the other half keeps the budget", () => {
    const budget = 0.25;
    const settingHalf = panelOf(11);
    const panel = panelWeeks(settingHalf, lastWeek, dropPresets.fast);
    const calibration = calibrateDropThreshold(falseAlarmCurve(settingHalf, panel, dropPresets.fast), budget)!;
    expect(calibration.falseAlarmsPerClientYear).toBeLessThanOrEqual(budget);
    // All weeks from the 17th on but the last 13; a client of 1 a week may pass below 0.5 for a while.
    const allClientYears = (60 * (weeks - 17 - 13)) / 52;
    expect(calibration.clientYears).toBeLessThanOrEqual(allClientYears);
    expect(calibration.clientYears).toBeGreaterThan(0.95 * allClientYears);

    const otherHalf = panelOf(12);
    const otherPanel = panelWeeks(otherHalf, lastWeek, dropPresets.fast);
    const settings = { preset: dropPresets.fast, threshold: calibration.threshold };
    const judgement = judgeDropHistories(
      otherHalf.map((history) => ({
        counts: history.counts,
        history: dropHistoryInPanel(history, otherPanel, settings),
      })),
    );
    expect(judgement.falseAlarmsPerClientYear).toBeLessThan(2 * budget);
  });

  it("counts at every threshold what the live code would have called wrongly", () => {
    const histories = [...panelOf(13, 90).slice(0, 20), { firstWeek: lastWeek - 40, counts: [1, 0, 0, 3] }];
    const panel = panelWeeks(histories, lastWeek, dropPresets.fast);
    const curve = falseAlarmCurve(histories, panel, dropPresets.fast);
    for (let i = 0; i < curve.falseAlarms.length; i += 6) {
      const settings = { preset: dropPresets.fast, threshold: (6 + i) / 20 };
      const judged = judgeDropHistories(
        histories.map((history) => {
          const alone = dropHistoryInPanel(history, panel, settings);
          return { counts: paddedCounts(history, alone.monitoredByWeek.length), history: alone };
        }),
      );
      expect(curve.falseAlarms[i]).toBe(judged.falseAlarms);
      expect(curve.clientYears).toBeCloseTo(judged.monitoredClientWeeks / 52, 9);
    }
  });

  it("has no own threshold for a small company", () => {
    const few = panelOf(5).slice(0, 5);
    const panel = panelWeeks(few, lastWeek, dropPresets.fast);
    expect(calibrateDropThreshold(falseAlarmCurve(few, panel, dropPresets.fast), 0.25)).toBeUndefined();
  });
});
