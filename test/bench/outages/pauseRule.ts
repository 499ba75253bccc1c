/**
 * The rule that findOutages had before: an outage is longer than 6 hours and than twice the longest usual gap in wall-clock
 * hours (the 99.5 % quantile, one rank up, of 26 weeks without outages; what came three times in four weeks is usual).
 */
export interface PauseOutage {
  readonly startHour: number;
  readonly endHour: number;
}

const minGapHours = 6;
const quantile = 0.995;
const factor = 2;
const windowHours = 26 * 168;
const rhythmHours = 4 * 168;

interface Gap {
  readonly gapHours: number;
  readonly endHour: number;
}

/** @returns outages, and after how many hours the gap that is open at the end becomes one; undefined when unjudged */
export function pauseOutages(activeHours: readonly number[]): {
  outages: PauseOutage[];
  thresholdHours: number | undefined;
} {
  const outages: PauseOutage[] = [];
  const all: Gap[] = [];
  const usual: Gap[] = [];
  const sorted: number[] = [];
  let oldest = 0;
  const placeOf = (gapHours: number): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < gapHours) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const thresholdAt = (startHour: number): number | undefined => {
    while (oldest < usual.length && usual[oldest]!.endHour < startHour - windowHours) {
      sorted.splice(placeOf(usual[oldest++]!.gapHours), 1);
    }
    const gaps = sorted.length;
    if (startHour - activeHours[0]! < 14 * 24 || gaps < 20) return undefined;
    const longest = sorted[Math.min(gaps, Math.ceil(quantile * gaps) + 1) - 1]!;
    const rhythm = [0, 0, 0];
    for (let i = all.length - 1; i >= 0 && all[i]!.endHour >= startHour - rhythmHours; i--) {
      rhythm.push(all[i]!.gapHours);
      rhythm.sort((a, b) => b - a).pop();
    }
    return Math.max(minGapHours, factor * Math.max(longest, rhythm[2]!));
  };
  for (let i = 1; i < activeHours.length; i++) {
    const startHour = activeHours[i - 1]! + 1;
    const gap = { gapHours: activeHours[i]! - startHour, endHour: activeHours[i]! };
    const isOutage = gap.gapHours > minGapHours && gap.gapHours > (thresholdAt(startHour) ?? Number.POSITIVE_INFINITY);
    all.push(gap);
    if (isOutage) outages.push({ startHour, endHour: gap.endHour });
    else {
      usual.push(gap);
      sorted.splice(placeOf(gap.gapHours), 0, gap.gapHours);
    }
  }
  return { outages, thresholdHours: thresholdAt(activeHours.at(-1)! + 1) };
}
