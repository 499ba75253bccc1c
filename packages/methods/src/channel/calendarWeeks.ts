import type { PeerFactors } from "../peerFactor.ts";
import { type Calendar, weekOfDay } from "./calendar.ts";
import type { ChannelHistory } from "./channelHistory.ts";

const daysAWeek = 7;
const sunday = 6;
/** 1970-01-01 was a Thursday; 0 is Monday. */
const weekdayOf = (day: number): number => (((day + 3) % daysAWeek) + daysAWeek) % daysAWeek;

/**
 * What the public calendar makes of each week: its part of a usual one, by how these clients' active days lie in the week.
 * A public holiday is like a Sunday: where Sundays are as busy as any day it changes nothing. O(active days + days from the first to the last).
 *
 * @returns undefined where no week holds a holiday
 */
export function calendarWeeks(
  channels: readonly Pick<ChannelHistory, "days">[],
  calendar: Pick<Calendar, "isHoliday">,
  lastWeek: number,
): PeerFactors | undefined {
  const firstDay = channels.reduce((first, { days }) => Math.min(first, days[0]!), Number.POSITIVE_INFINITY);
  if (!Number.isFinite(firstDay)) return undefined;
  const firstWeek = weekOfDay(firstDay);
  const monday = firstWeek * daysAWeek - 3;
  const active = new Uint32Array(Math.max(0, (lastWeek - firstWeek + 1) * daysAWeek));
  for (const { days } of channels) {
    for (const day of days) if (day - monday < active.length) active[day - monday]! += 1;
  }
  const holidays = Array.from(active, (_, i) => calendar.isHoliday(monday + i));
  if (!holidays.includes(true)) return undefined;

  const usual = new Array<number>(daysAWeek).fill(0);
  for (const [i, clients] of active.entries()) if (!holidays[i]) usual[weekdayOf(monday + i)]! += clients;
  const whole = usual.reduce((sum, clients) => sum + clients, 0);
  const factors = Array.from({ length: active.length / daysAWeek }, (_, week) => {
    let part = 0;
    for (let day = 0; day < daysAWeek; day++) {
      part += holidays[week * daysAWeek + day] ? Math.min(usual[day]!, usual[sunday]!) : usual[day]!;
    }
    return whole > 0 ? part / whole : 1;
  });
  return { firstWeek, factors };
}
