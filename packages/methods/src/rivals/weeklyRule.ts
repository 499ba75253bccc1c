/** A rule that looks at a client once a week. It alarms when its number reaches the threshold. */
export interface WeeklyRule {
  /** Stable name, for files and settings. */
  readonly key: string;
  /** What people call it. */
  readonly title: string;
  /** Thresholds to choose from, ascending: from eager to strict. */
  readonly thresholds: readonly number[];
  /** Whether the number itself depends on the threshold (a CUSUM holds its level while it is suspicious). */
  readonly usesThreshold: boolean;
  /**
   * The rule's number after each week; undefined where it has none (history too short, week skipped). O(weeks), causal:
   * a week's number depends on that week and those before it alone.
   *
   * @param counts events by week from the week of the first event on
   * @param factors peer factor of the same weeks; 0 where the week says nothing
   * @param spreadFactors the panel's spread factor of the same weeks
   */
  score(
    counts: readonly number[],
    factors: readonly number[],
    threshold: number,
    spreadFactors?: readonly number[],
  ): (number | undefined)[];
}

/** `count` numbers from `first` to `last`, evenly on the log scale. */
export function geometricSteps(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first * (last / first) ** (i / (count - 1)));
}

/** `count` numbers from `first` to `last`, evenly. */
export function evenSteps(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + ((last - first) * i) / (count - 1));
}
