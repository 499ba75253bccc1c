import { HOURS_A_DAY, type HourOfWeek, type SourceClock } from "./sourceClock.ts";

/** What a gap must go beyond to be an outage. */
export interface OutageLine {
  /** Events expected in it. */
  readonly events: number;
  /** Usual days of the source that it swallows whole; 0 for a source that rests on no day. */
  readonly days: number;
  /** Wall-clock hours. */
  readonly hours: number;
  /** A gap of so many hours is one whatever else holds. */
  readonly mostHours: number;
}

/** A source's clock laid along the epoch. */
export interface LocalClock {
  readonly clock: SourceClock;
  readonly hourOfWeek: HourOfWeek;
}

/** Sums of a profile over [fromHour, toHour), hours since 1970; toHour may be a fraction. O(hours). */
export function expectedIn(
  { hourOfWeek }: LocalClock,
  profile: Float64Array,
  fromHour: number,
  toHour: number,
): number {
  let sum = 0;
  for (let hour = fromHour; hour < toHour; hour++) sum += profile[hourOfWeek(hour)]! * Math.min(1, toHour - hour);
  return sum;
}

/** The hour after the last of the local day that an hour belongs to. */
export function endOfDay({ hourOfWeek }: LocalClock, hour: number): number {
  const dayOf = (h: number): number => Math.floor(hourOfWeek(h) / HOURS_A_DAY);
  let end = hour + 1;
  while (dayOf(end) === dayOf(hour) && end < hour + 2 * HOURS_A_DAY) end++;
  return end;
}

/** Hours (with fractions) after startHour at which a gap has reached all parts of the line. O(hours until then). */
export function hoursToLine(local: LocalClock, startHour: number, line: OutageLine): number {
  const { clock, hourOfWeek } = local;
  let events = 0;
  let days = 0;
  let reached = line.hours;
  let eventsToGo = line.events > 0;
  let daysToGo = line.days > 0;
  for (let passed = 0; (eventsToGo || daysToGo) && passed < line.mostHours; passed++) {
    const bin = hourOfWeek(startHour + passed);
    const more = clock.events[bin]!;
    const share = clock.dayShare[bin]!;
    if (eventsToGo && events + more >= line.events) {
      eventsToGo = false;
      reached = Math.max(reached, passed + (line.events - events) / more);
    }
    // A rounding error's breadth: shares of whole days must add up to whole days.
    if (daysToGo && days + share >= line.days - 1e-9) {
      daysToGo = false;
      reached = Math.max(reached, passed + Math.min(1, (line.days - days) / share));
    }
    events += more;
    days += share;
  }
  return eventsToGo || daysToGo ? line.mostHours : reached;
}
