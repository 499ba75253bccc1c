import { describe, expect, it } from "vitest";
import { judgeAlarm, judgeDropHistories } from "./judge.ts";

const alarm = { openedWeek: 20, baselineAtOpening: 10 };

function after(count: number, weeks: number): number[] {
  return [...Array(21).fill(10), ...Array(weeks).fill(count)];
}

describe("the 13-week rule", () => {
  it("calls an alarm false when the next 13 weeks hold 70 % of the baseline", () => {
    expect(judgeAlarm(after(7, 13), alarm)).toBe("false_alarm");
    expect(judgeAlarm(after(6.9, 13), alarm)).toBe("real_drop");
  });

  it("does not count the week of the alarm itself, nor weeks after the 13", () => {
    expect(judgeAlarm([...after(6.9, 13), 1000], alarm)).toBe("real_drop");
    const counts = after(6.9, 13);
    counts[20] = 1000;
    expect(judgeAlarm(counts, alarm)).toBe("real_drop");
  });

  it("waits until the 13 weeks are complete", () => {
    expect(judgeAlarm(after(0, 12), alarm)).toBe("too_early");
  });
});

describe("false alarms a client-year", () => {
  it("counts per 52 monitored client-weeks, without the last 13", () => {
    const counts = after(10, 44);
    const episode = (openedWeek: number) => ({ openedWeek, baselineAtOpening: 10 }) as never;
    const monitoredByWeek = counts.map((_, week) => week >= 26);
    const judgement = judgeDropHistories([
      { counts, history: { monitoredByWeek, episodes: [episode(30), episode(60)] } },
      { counts, history: { monitoredByWeek, episodes: [] } },
    ]);
    // 65 weeks: 26 to 51 count for each client; the alarm of week 60 is too young.
    expect(judgement).toEqual({
      alarms: 1,
      falseAlarms: 1,
      monitoredClientWeeks: 52,
      falseAlarmsPerClientYear: 1,
      precision: 0,
    });
  });

  it("has no rate where nothing was monitored and no precision without alarms", () => {
    expect(judgeDropHistories([])).toMatchObject({ falseAlarmsPerClientYear: undefined, precision: undefined });
  });
});
