export const dayMs = 86_400_000;

/**
 * Wall-clock time: what clocks of a place show, as the milliseconds that a clock in UTC would count. Adding whole days
 * to it keeps the time of day, whatever daylight saving does.
 */
export type WallMs = number;

/** Offsets change on the quarter of an hour at the earliest. */
const slotMs = 15 * 60_000;

/**
 * Makes a function from wall-clock time in a zone to the instant. Of a time that comes twice (clocks go back) it takes
 * the first; one that is skipped (clocks go forward) counts on from before, as Temporal's "compatible" does.
 */
export function createWallClock(timeZone: string): (wallMs: WallMs) => number {
  const offsets = new Map<number, number>();
  const format = zoneFormat(timeZone);
  const offsetAt = (instantMs: number): number => {
    const slot = Math.floor(instantMs / slotMs);
    let offset = offsets.get(slot);
    if (offset === undefined) {
      offset = wallAt(format, slot * slotMs) - slot * slotMs;
      offsets.set(slot, offset);
    }
    return offset;
  };
  return (wallMs) => {
    const before = offsetAt(wallMs - dayMs);
    const after = offsetAt(wallMs + dayMs);
    const first = wallMs - Math.max(before, after);
    if (offsetAt(first) === wallMs - first) return first;
    const second = wallMs - Math.min(before, after);
    return offsetAt(second) === wallMs - second ? second : wallMs - before;
  };
}

/** The day before the one that `nowMs` falls on in the zone, as 2026-01-31. */
export function yesterday(timeZone: string, nowMs: number): string {
  return dayOf(wallAt(zoneFormat(timeZone), nowMs) - dayMs);
}

export function dayOf(wallMs: WallMs): string {
  return new Date(wallMs).toISOString().slice(0, 10);
}

export function startOfDay(day: string): WallMs {
  const wallMs = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(wallMs)) throw new RangeError(`"${day}" is not a day such as 2026-01-31`);
  return wallMs;
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

function wallAt(format: Intl.DateTimeFormat, instantMs: number): WallMs {
  const parts = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
}
