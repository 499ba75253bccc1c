const iso =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/i;
const dayMs = 86_400_000;

/**
 * Days since 1970 of an ISO 8601 date, with or without a time. A time with a zone counts for its day in UTC, one without
 * for the day that is written. Undefined where the text is no such time, or there is no such day.
 */
export function dayOf(text: string): number | undefined {
  const found = iso.exec(text);
  if (found === null) return undefined;
  const [, year, month, date, hour = "0", minute = "0", second = "0", zone] = found;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(date));
  const there = new Date(midnight);
  if (there.getUTCMonth() !== Number(month) - 1 || there.getUTCDate() !== Number(date)) return undefined;
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const day = midnight / dayMs;
  if (zone === undefined || /^(Z|UTC)$/i.test(zone)) return day;
  const sign = zone.startsWith("-") ? -1 : 1;
  const minutesEast = sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(":", "") || 0));
  return Math.floor((midnight + (Number(hour) * 60 + Number(minute) - minutesEast) * 60_000) / dayMs);
}

/** A day as it is written: 2026-01-31. */
export const dateOf = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);
