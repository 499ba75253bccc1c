import { normalTail } from "../specialFunctions.ts";

/** Middle of the values. @throws RangeError without values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("there is no middle of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Median absolute deviation times 1.4826: the standard deviation of normal values, unmoved by a few wild ones. */
export function robustSpread(values: readonly number[], centre = median(values)): number {
  return 1.4826 * median(values.map((value) => Math.abs(value - centre)));
}

/** The standard error of a median of n normal values is so much larger than that of their mean: sqrt(pi / 2). */
export const MEDIAN_PENALTY = Math.sqrt(Math.PI / 2);

/** Slope, in y a step of x: the median of all slopes between two points (Theil 1950, Sen 1968). O(n²). */
export function theilSenSlope(points: readonly { readonly x: number; readonly y: number }[]): number | undefined {
  const slopes: number[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const dx = points[j]!.x - points[i]!.x;
      if (dx !== 0) slopes.push((points[j]!.y - points[i]!.y) / dx);
    }
  }
  return slopes.length === 0 ? undefined : median(slopes);
}

/**
 * P(a trend upwards as clear as this, or clearer, if there is none): Mann 1945, Kendall 1975, normal limit with ties and
 * continuity correction. For downwards hand in -y.
 */
export function mannKendallTail(values: readonly number[]): number {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) sum += Math.sign(values[j]! - values[i]!);
  const ties = new Map<number, number>();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  const spread = (t: number): number => t * (t - 1) * (2 * t + 5);
  const variance = (spread(n) - [...ties.values()].reduce((all, t) => all + spread(t), 0)) / 18;
  if (variance <= 0) return 1;
  return normalTail((sum - Math.sign(sum)) / Math.sqrt(variance));
}
