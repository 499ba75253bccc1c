import { describe, expect, it } from "vitest";
import { createDropState, type DropPreset, dropPresets, stepDropScore } from "./dropScore.ts";

/** Every week's score and the state after it. */
function replay(counts: readonly number[], preset: DropPreset, factors: readonly number[] = []) {
  const state = createDropState();
  return counts.map((count, t) => {
    const score = stepDropScore(state, count, factors[t] ?? 1, preset);
    return { score, state: structuredClone(state) };
  });
}

function times(weeks: readonly number[], n: number): number[] {
  return Array.from({ length: n }, () => weeks).flat();
}

/** Published to four decimals: within 0.0001 of what was printed. */
function expectValues(actual: object | undefined, expected: Record<string, number>): void {
  expect(actual).toBeDefined();
  for (const [name, value] of Object.entries(expected)) {
    const difference = Math.abs((actual as Record<string, number>)[name]! - value);
    expect(difference, `${name} is ${(actual as Record<string, number>)[name]}, not ${value}`).toBeLessThan(0.0001);
  }
}

describe("drop score, published vectors", () => {
  it("1: a steady client falls silent", () => {
    const weeks = replay([...times([4], 20), ...times([0], 6)], dropPresets.fast);
    expect(weeks[12]!.score).toBeUndefined();
    expectValues(weeks[12]!.state, { A: 12.1475, E: 5.9992 });
    expectValues(weeks[13]!.score, { s: -0.3792, m: 2.0248, sd: 0.5339 });
    expectValues(weeks[20]!.score, { s: 0.4576, now: 1.7045, sd: 0.2965 });
    expectValues(weeks[20]!.state, { V: 0.1026, W: 7.6389 });
    expectValues(weeks[21]!.score, { s: 1.5806 });
    expectValues(weeks[22]!.score, { s: 2.4257 });
    expectValues(weeks[25]!.score, { s: 3.1671, R: 6 });
  });

  it("2: a client of every second week falls silent", () => {
    const weeks = replay([...times([2, 0], 12), ...times([0], 8)], dropPresets.fast);
    expectValues(weeks[19]!.score, { s: -0.5905, m: 0.8676, sd: 0.1725 });
    expectValues(weeks[25]!.score, { s: 0.9104, R: 3 });
    expectValues(weeks[27]!.score, { s: 2.1932, R: 5 });
    expectValues(weeks[31]!.score, { s: 2.1968, z: 1.7168, m: 0.7932, R: 9 });
  });

  it("3: two empty weeks and back", () => {
    const weeks = replay([...times([9], 24), 0, 0, ...times([9], 4)], dropPresets.fast);
    expectValues(weeks[23]!.score, { s: -0.8026 });
    expectValues(weeks[24]!.score, { s: 0.6234 });
    expectValues(weeks[25]!.score, { s: 2.0066, now: 2.004, sd: 0.3769 });
    expectValues(weeks[26]!.score, { s: 1.7165 });
    expectValues(weeks[29]!.score, { s: 0.071 });
  });

  it("4: a wobbling client halves", () => {
    const weeks = replay([...times([8, 12, 10, 6, 14], 5), ...times([4, 6, 5, 3, 7], 2)], dropPresets.fast);
    expectValues(weeks[24]!.score, { s: -1.0192, m: 3.1027 });
    expectValues(weeks[27]!.score, { s: 0.3343 });
    expectValues(weeks[29]!.score, { s: 0.9159 });
    expectValues(weeks[31]!.score, { s: 0.9683 });
    expectValues(weeks[31]!.state, { V: 2.6433 });
    expectValues(weeks[34]!.score, { s: 0.7, sd: 0.5022 });
  });

  it("5: holiday weeks weigh less, and a week below 0.2 changes nothing", () => {
    const counts = [...times([10], 20), 4, 4, 0, 0, 10];
    const weeks = replay(counts, dropPresets.fast, [...times([1], 20), 0.4, 0.4, 0.05, 0.05, 1.2]);
    expectValues(weeks[19]!.score, { s: -0.6779 });
    expectValues(weeks[21]!.score, { s: -0.7238 });
    expectValues(weeks[21]!.state, { W: 7.3457 });
    for (const skipped of [weeks[22]!, weeks[23]!]) {
      expect(skipped.score).toBeUndefined();
      expect(skipped.state).toEqual(weeks[21]!.state);
    }
    expectValues(weeks[24]!.score, { s: -0.5815, now: 3.1118 });
    expectValues(weeks[24]!.state, { V: 0.0044 });
  });

  it("6: series 1 with the steady preset", () => {
    const weeks = replay([...times([4], 20), ...times([0], 6)], dropPresets.steady);
    expectValues(weeks[13]!.score, { s: -0.3846 });
    expectValues(weeks[20]!.score, { s: 0.0907 });
    expectValues(weeks[22]!.score, { s: 1.3951 });
    expectValues(weeks[24]!.score, { s: 2.3566 });
  });
});

describe("drop score", () => {
  it("says in plain numbers what was usual and what is now", () => {
    const halved = replay([...times([4], 30), ...times([2], 8)], dropPresets.fast).at(-1)!.score!;
    expect(halved.levelNow).toBeCloseTo(2, 6);
    expect(halved.levelBefore).toBeGreaterThan(3.5);
    expect(halved.levelBefore).toBeLessThanOrEqual(4);
    expect(halved.ratio).toBeCloseTo(halved.levelNow / halved.levelBefore, 12);
    expect(halved.usualWobble).toBeCloseTo((2 * Math.sqrt(halved.v)) / halved.m, 12);
  });

  it("calls silence a ratio of 0 and never a negative one", () => {
    expect(replay([...times([4], 20), ...times([0], 10)], dropPresets.fast).at(-1)!.score!.ratio).toBeCloseTo(0, 12);
  });

  it("divides by the panel's spread factor for the alarm alone", () => {
    const state = createDropState();
    for (let week = 0; week < 20; week++) stepDropScore(state, 4, 1, dropPresets.steady);
    const calm = stepDropScore(structuredClone(state), 0, 1, dropPresets.steady)!;
    const shaken = stepDropScore(structuredClone(state), 0, 1, dropPresets.steady, 2)!;
    expect(shaken.s).toBe(calm.s);
    expect(shaken.alarmScore).toBe(calm.s / 2);
  });

  it("gives the same after its state went through JSON", () => {
    const state = createDropState();
    for (let week = 0; week < 25; week++) stepDropScore(state, (week * 7) % 5, 1, dropPresets.fast);
    const restored = JSON.parse(JSON.stringify(state));
    expect(stepDropScore(restored, 0, 1, dropPresets.fast)).toEqual(stepDropScore(state, 0, 1, dropPresets.fast));
  });

  it.each([
    [Number.NaN, 1, 1],
    [-1, 1, 1],
    [1, Number.NaN, 1],
    [1, -0.1, 1],
    [1, 1, 0.5],
  ])("refuses count %d, factor %d, spread factor %d", (count, factor, spread) => {
    expect(() => stepDropScore(createDropState(), count, factor, dropPresets.fast, spread)).toThrow(RangeError);
  });
});
