import type { Calendar } from "@keypulse/methods";

const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * Reads ISO 8601 times: with a zone as they are, without one by the calendar's clocks, days as their midnight.
 *
 * @returns epoch milliseconds, undefined for what is no time (2026-02-30 is none)
 */
export function createTimeReader(calendar: Calendar): (text: string) => number | undefined {
  const dayStarts = new Map<number, number>();
  return (text) => {
    const match = iso.exec(text.trim());
    if (match === null) return undefined;
    const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone] = match;
    const dateMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
    const date = new Date(dateMs);
    if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
    if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return undefined;
    const clockMs =
      Number(hour) * 3_600_000 +
      Number(minute) * 60_000 +
      Number(second) * 1_000 +
      Number(fraction.padEnd(3, "0").slice(0, 3));
    if (zone !== undefined) return dateMs + clockMs - offsetMs(zone);
    const dayNumber = dateMs / 86_400_000;
    const start = dayStarts.get(dayNumber) ?? calendar.dayStartMs(dayNumber);
    dayStarts.set(dayNumber, start);
    // On the two days a year on which clocks change this may be an hour off; the day stays right.
    return Math.min(start + clockMs, start + 90_000_000);
  };
}

function offsetMs(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const digits = zone.replace(/[^\d]/g, "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith("-") ? -1 : 1) * minutes * 60_000;
}
