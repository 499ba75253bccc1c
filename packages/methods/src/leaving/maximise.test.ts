import { describe, expect, it } from "vitest";
import { maximise } from "./maximise.ts";

describe("maximise", () => {
  it("finds the end of Rosenbrock's curved valley", () => {
    const found = maximise(
      ([x = 0, y = 0]) => ({
        value: -((1 - x) ** 2 + 100 * (y - x * x) ** 2),
        gradient: [2 * (1 - x) + 400 * x * (y - x * x), -200 * (y - x * x)],
      }),
      [-1.2, 1],
    );
    expect(found.converged).toBe(true);
    expect(found.point[0]).toBeCloseTo(1, 6);
    expect(found.point[1]).toBeCloseTo(1, 6);
  });

  it("finds the summit of a parabola whose sides differ a millionfold in steepness", () => {
    const steep = [1, 1e3, 1e6];
    const found = maximise(
      (point) => ({
        value: -steep.reduce((sum, by, i) => sum + (by * (point[i]! - i) ** 2) / 2, 0),
        gradient: steep.map((by, i) => -by * (point[i]! - i)),
      }),
      [5, 5, 5],
    );
    expect(found.converged).toBe(true);
    for (const [i, x] of found.point.entries()) expect(x).toBeCloseTo(i, 5);
  });

  it("stays where the function has values", () => {
    // ln x - x: nothing at or below 0, the summit at 1.
    const found = maximise(
      ([x = 0]) => (x > 0 ? { value: Math.log(x) - x, gradient: [1 / x - 1] } : { value: Number.NaN, gradient: [0] }),
      [0.01],
    );
    expect(found.point[0]).toBeCloseTo(1, 6);
  });

  it("says so when there is an edge and no summit", () => {
    const climbs = maximise(([x = 0]) => ({ value: x < 100 ? x : Number.NEGATIVE_INFINITY, gradient: [1] }), [0]);
    expect(climbs.value).toBeGreaterThan(99);
    expect(climbs.converged).toBe(false);
    expect(() => maximise(() => ({ value: Number.NaN, gradient: [0] }), [0])).toThrow(RangeError);
  });
});
