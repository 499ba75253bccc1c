import { type DropHistory, dropEpisodes } from "../dropEpisodes.ts";
import type { PanelWeeks } from "../dropPanel.ts";
import type { OpenInterval } from "../intervals.ts";
import { alignWeeks } from "../peerFactor.ts";
import type { Calendar } from "./calendar.ts";
import type { ChannelContext } from "./channelContext.ts";
import { type ChannelHistory, weeklyHistory } from "./channelHistory.ts";
import { brokenWeeks } from "./sourceWatch.ts";

/** A client's drop episodes in a channel; weeks count from `firstWeek`. */
export interface ChannelDrop extends DropHistory {
  readonly firstWeek: number;
}

/**
 * The drop detector on one client's channel inside its panel, as the service runs it for a touched client. O(weeks).
 *
 * @param panel of the client's peers
 * @param absences times in which the channel's sources were broken, or the client is known to be away: their weeks are
 *   skipped
 * @param lastWeek last complete week
 * @returns undefined where there is no complete week to look at
 */
export function channelDrop(
  channel: ChannelHistory,
  panel: PanelWeeks | undefined,
  { preset, threshold }: Pick<ChannelContext, "preset" | "threshold">,
  absences: readonly OpenInterval[],
  calendar: Calendar,
  lastWeek: number,
  asOfMs: number,
): ChannelDrop | undefined {
  const weekly = weeklyHistory(channel, lastWeek);
  if (panel === undefined || weekly === undefined) return undefined;
  const { firstWeek, counts } = weekly;
  const factors = channelFactors(alignWeeks(panel.factors, panel.firstWeek, firstWeek), firstWeek, {
    absences,
    calendar,
    asOfMs,
  });
  const spreadFactors = alignWeeks(panel.spreadFactors, panel.firstWeek, firstWeek);
  return {
    firstWeek,
    ...dropEpisodes(counts, factors.slice(0, counts.length), { preset, threshold, spreadFactors }),
  };
}

/** Peer factors of a client's weeks with 0 in those that an outage or an absence broke. */
export function channelFactors(
  factors: readonly number[],
  firstWeek: number,
  away: { readonly absences: readonly OpenInterval[]; readonly calendar: Calendar; readonly asOfMs: number },
): number[] {
  const broken = brokenWeeks(away.absences, away.calendar, away.asOfMs);
  return factors.map((factor, i) => (broken.has(firstWeek + i) ? 0 : factor));
}
