import { describe, expect, it } from "vitest";
import { dropBaselines, monitoredByWeek } from "./dropBaseline.ts";
import { type DropSettings, dropEpisodes, dropSettings } from "./dropEpisodes.ts";
import { dropPresets } from "./dropScore.ts";

const settings: DropSettings = { preset: dropPresets.fast, threshold: 1.35 };

function weeks(count: number, n: number): number[] {
  return Array(n).fill(count);
}

function replay(counts: readonly number[], changed: Partial<DropSettings> = {}, factors = counts.map(() => 1)) {
  return dropEpisodes(counts, factors, { ...settings, ...changed });
}

describe("baseline", () => {
  it("is the mean of weeks t-29 to t-4", () => {
    const counts = Array.from({ length: 40 }, (_, t) => t);
    expect(dropBaselines(counts)[39]).toBe((10 + 35) / 2);
  });

  it("needs 13 weeks inside the history", () => {
    const baselines = dropBaselines(weeks(3, 20));
    expect(baselines[15]).toBeUndefined();
    expect(baselines[16]).toBe(3);
  });
});

describe("monitoring", () => {
  const monitoredOf = (counts: number[]) => monitoredByWeek(counts, dropBaselines(counts));

  it("begins 17 weeks after the week of the first event", () => {
    const monitored = monitoredOf(weeks(3, 20));
    expect(monitored[16]).toBe(false);
    expect(monitored[17]).toBe(true);
  });

  it("leaves clients below half an event a week to budgeted silence", () => {
    const everyThirdWeek = Array.from({ length: 60 }, (_, t) => (t % 3 === 0 ? 1 : 0));
    expect(monitoredOf(everyThirdWeek).slice(30)).not.toContain(true);
    const everySecondWeek = Array.from({ length: 60 }, (_, t) => (t % 2 === 0 ? 1 : 0));
    expect(monitoredOf(everySecondWeek).slice(30)).not.toContain(false);
  });

  it("does not take one visit, or three weeks, for a rhythm", () => {
    expect(monitoredOf([10_000, ...weeks(0, 30)])).not.toContain(true);
    expect(monitoredOf([40, 40, 40, ...weeks(0, 30)])).not.toContain(true);
    expect(monitoredOf([40, 40, 40, 1, ...weeks(0, 30)])).toContain(true);
  });

  it("goes on for 12 weeks after the baseline fell below half an event", () => {
    const baselines = [...weeks(1, 20), ...weeks(0.4, 20)];
    const monitored = monitoredByWeek(weeks(1, 40), baselines);
    expect(monitored[19 + 12]).toBe(true);
    expect(monitored[19 + 13]).toBe(false);
  });
});

describe("an episode", () => {
  it("opens in the first week whose score reaches the threshold, with its evidence", () => {
    const { episodes, openEpisode, monitored } = replay([...weeks(4, 30), ...weeks(0, 3)]);
    expect(episodes).toHaveLength(1);
    const [episode] = episodes;
    expect(episode).toMatchObject({ openedWeek: 31, closedWeek: undefined, closeReason: undefined });
    expect(episode!.baselineAtOpening).toBe(4);
    expect(episode!.opening.week).toBe(31);
    expect(episode!.opening.alarmScore).toBeGreaterThanOrEqual(1.35);
    expect(episode!.latest.week).toBe(32);
    expect(openEpisode).toBe(episode);
    expect(monitored).toBe(true);
  });

  it("does not open before the client is monitored, however high the score", () => {
    const { episodes, score } = replay([...weeks(9, 14), 0, 0, 0]);
    expect(score!.alarmScore).toBeGreaterThan(1.35);
    expect(episodes).toEqual([]);
    expect(replay([...weeks(9, 14), 0, 0, 0, 0]).episodes[0]!.openedWeek).toBe(17);
  });

  it("is judged on s / c with the steady preset", () => {
    const counts = [...weeks(4, 30), ...weeks(0, 3)];
    const steady = { preset: dropPresets.steady, threshold: 1.27 };
    expect(replay(counts, steady).episodes).toHaveLength(1);
    expect(replay(counts, { ...steady, spreadFactors: weeks(5, 33) }).episodes).toEqual([]);
  });

  it("closes as recovered when four weeks average 70 % of the baseline at the alarm", () => {
    const { episodes, openEpisode } = replay([...weeks(10, 30), 0, 0, 0, 7, 7, 7, 7, 7]);
    expect(openEpisode).toBeUndefined();
    // Weeks 33 to 36 are the first four that average 7.
    expect(episodes).toMatchObject([{ closedWeek: 36, closeReason: "recovered", baselineAtOpening: 10 }]);
    expect(episodes[0]!.latest.week).toBe(36);
  });

  it("stays open just below that", () => {
    expect(replay([...weeks(10, 30), 0, 0, 0, ...weeks(6.99, 10)]).openEpisode).toBeDefined();
  });

  it("closes after 26 weeks as the new level", () => {
    const { episodes } = replay([...weeks(10, 30), ...weeks(3, 40)]);
    expect(episodes).toHaveLength(1);
    expect(episodes[0]!.closeReason).toBe("new_level");
    expect(episodes[0]!.closedWeek! - episodes[0]!.openedWeek).toBe(26);
  });

  it("does not open again before the score has fallen below half the threshold", () => {
    // Four weeks at 70 % close the episode while the drop score is still high.
    const counts = [...weeks(20, 40), 0, 0, 0, 0, 14, 14, 14, 14, 0, 0];
    const history = replay(counts);
    expect(history.episodes).toMatchObject([{ closeReason: "recovered" }]);
    expect(history.score!.alarmScore).toBeGreaterThan(1.35);
    expect(history.armed).toBe(false);
  });

  it("opens a second time after a full return", () => {
    const history = replay([...weeks(10, 40), ...weeks(0, 4), ...weeks(10, 30), ...weeks(0, 6)]);
    expect(history.episodes.map((episode) => episode.closeReason)).toEqual(["recovered", undefined]);
    expect(history.armed).toBe(false);
  });

  it("is neither raised nor closed in a week with f below 0.2", () => {
    const counts = [...weeks(10, 30), 0, 0, 0, 0];
    const closedOffice = [...weeks(1, 30), 0.1, 0.1, 0.1, 0.1];
    expect(replay(counts, {}, closedOffice).episodes).toEqual([]);

    const returning = [...weeks(10, 30), 0, 0, 0, 7, 7, 7, 7];
    const skippedAtReturn = [...weeks(1, 36), 0.1];
    expect(replay(returning).openEpisode).toBeUndefined();
    expect(replay(returning, {}, skippedAtReturn).openEpisode).toBeDefined();
  });

  it("keeps the last evidence through skipped weeks", () => {
    const history = replay([...weeks(10, 30), 0, 0, 0], {}, [...weeks(1, 32), 0]);
    expect(history.score!.week).toBe(31);
  });
});

describe("drop settings and input", () => {
  it("takes the threshold from the budget", () => {
    expect(dropSettings(0.25)).toEqual({ preset: dropPresets.fast, threshold: 1.35 });
  });

  it("answers for a client without a complete week", () => {
    expect(replay([])).toMatchObject({ episodes: [], monitored: false, armed: true, score: undefined });
  });

  it("refuses thresholds that are not positive and factors of another length", () => {
    expect(() => replay([1], { threshold: Number.NaN })).toThrow(RangeError);
    expect(() => replay([1], { threshold: 0 })).toThrow(RangeError);
    expect(() => replay([1, 2], {}, [1])).toThrow(RangeError);
  });
});
