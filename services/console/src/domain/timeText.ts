const dayMs = 86_400_000;

/** A time as people's programs read it: UTC by the second, ISO 8601. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Day number, since 1970-01-01, as YYYY-MM-DD. */
export const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** To make one takes longer than to read most tables. */
const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** Number of the day that it is in a time zone. */
export function dayNow(timeZone: string, now = new Date()): number {
  const format = dayFormats.get(timeZone) ?? new Intl.DateTimeFormat("en-CA", { timeZone });
  dayFormats.set(timeZone, format);
  return Date.parse(format.format(now)) / dayMs;
}
