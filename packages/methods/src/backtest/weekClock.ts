import type { Calendar } from "../channel/calendar.ts";

const weekMs = 7 * 86_400_000;

/** Weeks of a calendar looked up often: a table instead of time zone arithmetic. Weeks outside are reckoned evenly. */
export interface WeekClock {
  readonly firstWeek: number;
  startMs(week: number): number;
  weekOf(ms: number): number;
}

export function createWeekClock(calendar: Calendar, firstWeek: number, lastWeek: number): WeekClock {
  const starts = Array.from({ length: lastWeek - firstWeek + 3 }, (_, i) => calendar.weekStartMs(firstWeek + i));
  const startMs = (week: number): number => {
    const index = week - firstWeek;
    const nearest = Math.min(Math.max(index, 0), starts.length - 1);
    return starts[nearest]! + (index - nearest) * weekMs;
  };
  return {
    firstWeek,
    startMs,
    weekOf: (ms) => {
      let week = firstWeek + Math.floor((ms - starts[0]!) / weekMs);
      while (startMs(week) > ms) week--;
      while (startMs(week + 1) <= ms) week++;
      return week;
    },
  };
}
