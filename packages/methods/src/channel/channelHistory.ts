import { type NumberList, NumberPieces } from "../numberList.ts";
import type { WeeklyHistory } from "../peerFactor.ts";
import { weekOfDay } from "./calendar.ts";

/** What a client did in one channel (orders, or any activity), by local day. Lists are equally long, days ascending. */
export interface ChannelHistory {
  readonly days: NumberList;
  readonly counts: NumberList;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Sources by their share of the channel's activity. */
  readonly sourceShares: ReadonlyMap<string, number>;
}

type DailyCounts = Pick<ChannelHistory, "days" | "counts">;

/** A client's weekly counts in a channel, up to the last complete week. @returns undefined where all is later. */
export function weeklyHistory(
  channel: DailyCounts,
  lastWeek: number,
): (WeeklyHistory & { readonly counts: number[] }) | undefined {
  const firstWeek = weekOfDay(channel.days[0]!);
  if (firstWeek > lastWeek) return undefined;
  const counts = new Array<number>(lastWeek - firstWeek + 1).fill(0);
  addDays(channel, firstWeek, counts);
  return { firstWeek, counts };
}

/** The same of many clients, those left out where all is later; close together in memory. */
export function weeklyHistories(channels: readonly DailyCounts[], lastWeek: number): WeeklyHistory[] {
  const pieces = new NumberPieces((length) => new Uint32Array(length));
  return channels.flatMap((channel) => {
    const firstWeek = weekOfDay(channel.days[0]!);
    if (firstWeek > lastWeek) return [];
    const counts = pieces.take(lastWeek - firstWeek + 1);
    addDays(channel, firstWeek, counts);
    return { firstWeek, counts };
  });
}

function addDays({ days, counts }: DailyCounts, firstWeek: number, weeks: { length: number; [week: number]: number }) {
  for (let i = 0; i < days.length; i++) {
    const week = weekOfDay(days[i]!) - firstWeek;
    if (week < weeks.length) weeks[week]! += counts[i]!;
  }
}
