import { binomialCount } from "../random.ts";

/** A client's events of one channel by local day. Arrays are equally long, days ascending. */
export interface EventDays {
  readonly client: string;
  /** Whose peer it is; without one, everybody's. */
  readonly segment?: string;
  readonly days: readonly number[];
  readonly counts: readonly number[];
  /** First and last event of each day. */
  readonly firstMs: readonly number[];
  readonly lastMs: readonly number[];
  /** Sources by their share of the client's events. */
  readonly sourceShares: ReadonlyMap<string, number>;
}

/**
 * The same client with its events thinned: each is kept with the probability of its day. Binomial, so that what is left
 * has the bursts that thinned life would have.
 */
export function thinned(client: EventDays, keptShare: (day: number) => number, random: () => number): EventDays {
  const kept = client.days.map((day, i) => binomialCount(client.counts[i]!, keptShare(day), random));
  const pick = <T>(list: readonly T[]): T[] => list.filter((_, i) => kept[i]! > 0);
  return {
    ...client,
    days: pick(client.days),
    counts: kept.filter((count) => count > 0),
    firstMs: pick(client.firstMs),
    lastMs: pick(client.lastMs),
  };
}
