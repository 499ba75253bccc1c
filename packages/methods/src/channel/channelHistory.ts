import type { WeeklyHistory } from "../peerFactor.ts";
import { weekOfDay } from "./calendar.ts";

/** What a client did in one channel (orders, or any activity), by local day. Arrays are equally long, days ascending. */
export interface ChannelHistory {
  readonly days: readonly number[];
  readonly counts: readonly number[];
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Sources by their share of the channel's activity. */
  readonly sourceShares: ReadonlyMap<string, number>;
}

/** A client's weekly counts in a channel, up to the last complete week. @returns undefined where all is later. */
export function weeklyHistory(
  channel: Pick<ChannelHistory, "days" | "counts">,
  lastWeek: number,
): WeeklyHistory | undefined {
  const firstWeek = weekOfDay(channel.days[0]!);
  if (firstWeek > lastWeek) return undefined;
  const counts = new Array<number>(lastWeek - firstWeek + 1).fill(0);
  for (const [i, day] of channel.days.entries()) {
    const week = weekOfDay(day) - firstWeek;
    if (week < counts.length) counts[week]! += channel.counts[i]!;
  }
  return { firstWeek, counts };
}
