import { channelWords, type DropEpisode, date, number, type SilenceFinding } from "@keypulse/methods";
import type { ActivityChannel } from "./clientHistory.ts";

/** Why a drop's episode is over. */
export function endOfDrop({ closeReason, latest, baselineAtOpening }: DropEpisode, channel: ActivityChannel): string {
  const { plural } = channelWords[channel];
  if (closeReason === "new_level") {
    return `Half a year has passed since the drop: ${number(latest.levelNow)} ${plural} a week is the new normal level.`;
  }
  return `Recovered: the last four weeks hold 70 % or more of the level before the drop (${number(baselineAtOpening)} ${plural} a week).`;
}

/** Why a silence is over. */
export function endOfSilence(silence: SilenceFinding, channel: ActivityChannel, lastAtMs: number): string {
  if (silence.state === "unmonitored") return "No longer watched: too few repeats.";
  return `${channel === "orders" ? "Ordered" : "Active"} again on ${date(lastAtMs)}.`;
}
