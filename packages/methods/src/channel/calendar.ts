import type { SourceCalendar } from "../sourceClock.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const sundayHour = 6 * 24;

/** Days and weeks of the workspace's time zone as plain numbers. Weeks begin on Monday (ISO 8601). */
export interface Calendar extends SourceCalendar {
  /** Days since 1970-01-01 of the local date at an instant. */
  dayOf(ms: number): number;
  /** The instant at which a local day begins. */
  dayStartMs(day: number): number;
  weekOf(ms: number): number;
  /** The instant at which a week begins: its Monday, 00:00 local time. */
  weekStartMs(week: number): number;
  /** Whether a day number is a public holiday. */
  readonly isHoliday: (day: number) => boolean;
}

/** Number of the week of a day number: 1970-01-01 was a Thursday. */
export const weekOfDay = (day: number): number => Math.floor((day + 3) / 7);

/** The Monday of a week as YYYY-MM-DD. */
export const mondayOf = (week: number): string => new Date((week * 7 - 3) * dayMs).toISOString().slice(0, 10);

/** @param holidays whether a day number is one (publicHolidays); undefined where they are not known */
export function createCalendar(timeZone: string, holidays?: (day: number) => boolean): Calendar {
  const isHoliday = holidays ?? (() => false);
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });

  /** Local wall time at an instant, as if it were UTC. */
  function wallMs(ms: number): number {
    const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
  }
  /** Mostly asked of one instant, now, for one client after the other. */
  let latest = { ms: Number.NaN, day: 0 };
  function dayOf(ms: number): number {
    if (ms !== latest.ms) latest = { ms, day: Math.floor(wallMs(ms) / dayMs) };
    return latest.day;
  }
  /** Years have few days, and the time zone's arithmetic takes microseconds. */
  const dayStarts = new Map<number, number>();
  function dayStartMs(day: number): number {
    const known = dayStarts.get(day);
    if (known !== undefined) return known;
    const wall = day * dayMs;
    // The offset is taken at a first guess and again at the result, so that days on which clocks change are right.
    const guess = wall - (wallMs(wall) - wall);
    const start = wall - (wallMs(guess) - guess);
    dayStarts.set(day, start);
    return start;
  }
  /** Offsets at the beginnings of UTC days: within a day one can only differ where the next day's does. */
  const offsets = new Map<number, number>();
  function offsetOfDay(day: number): number {
    const known = offsets.get(day);
    if (known !== undefined) return known;
    const offset = wallMs(day * dayMs) - day * dayMs;
    offsets.set(day, offset);
    return offset;
  }
  function hourOfWeek(epochHour: number): number {
    const ms = epochHour * hourMs;
    const day = Math.floor(ms / dayMs);
    const offset = offsetOfDay(day);
    const wall = offsetOfDay(day + 1) === offset ? ms + offset : wallMs(ms);
    // 1970-01-01 was a Thursday. Half-hour zones: the hour in which it begins.
    const hour = mod(Math.floor(wall / hourMs) + 72, 168);
    // A public holiday is like a Sunday.
    return isHoliday(Math.floor(wall / dayMs)) ? sundayHour + (hour % 24) : hour;
  }
  return {
    dayOf,
    dayStartMs,
    isHoliday,
    knowsHolidays: holidays !== undefined,
    weekOf: (ms) => weekOfDay(dayOf(ms)),
    weekStartMs: (week) => dayStartMs(week * 7 - 3),
    hourOfWeek,
  };
}

const mod = (value: number, by: number): number => ((value % by) + by) % by;
