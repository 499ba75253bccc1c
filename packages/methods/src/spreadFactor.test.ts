import { describe, expect, it } from "vitest";
import { createSpreadState, stepSpreadFactor } from "./spreadFactor.ts";

describe("spread factor", () => {
  it("is 1 and learns nothing from fewer than 8 clients", () => {
    const state = createSpreadState();
    expect(stepSpreadFactor(state, Array(7).fill(3))).toBe(1);
    expect(state).toEqual(createSpreadState());
  });

  it("follows the formula in the first week", () => {
    const state = createSpreadState();
    const q = Math.sqrt((16 * 1 + 0.25) / (16 + 4));
    expect(stepSpreadFactor(state, Array(16).fill(1))).toBeCloseTo(Math.sqrt(q / 0.25), 12);
    const h = 0.5 ** (1 / 26);
    // q is .901, more than twice the usual .25, and enters as .5.
    expect(state.a).toBeCloseTo(h * 1 + 0.5, 12);
    expect(state.n).toBeCloseTo(h * 4 + 1, 12);
  });

  it("never lowers the bar", () => {
    expect(stepSpreadFactor(createSpreadState(), Array(50).fill(-2))).toBe(1);
  });

  it("counts no score above 3 and none below 0", () => {
    const cut = stepSpreadFactor(createSpreadState(), [...Array(10).fill(3), ...Array(10).fill(0)]);
    expect(stepSpreadFactor(createSpreadState(), [...Array(10).fill(99), ...Array(10).fill(-9)])).toBe(cut);
  });

  it("gets used to a restless panel and rises again in a week that is worse than usual", () => {
    const state = createSpreadState();
    const usual = [...Array(30).fill(0), ...Array(10).fill(1)];
    for (let week = 0; week < 200; week++) stepSpreadFactor(state, usual);
    expect(stepSpreadFactor(state, usual)).toBeCloseTo(1, 2);
    expect(stepSpreadFactor(state, Array(40).fill(2))).toBeGreaterThan(1.5);
  });
});
