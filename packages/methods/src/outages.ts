import type { OpenInterval } from "./intervals.ts";
import { endOfDay, expectedIn, hoursToLine, type LocalClock } from "./outageLine.ts";
import { largestOf, type OutageTail, outageTail } from "./outageTail.ts";
import { HOURS_A_DAY, HOURS_A_WEEK, type SourceCalendar, SourceHours, utcCalendar } from "./sourceClock.ts";
import { type PastGap, SourceGaps } from "./sourceGaps.ts";

export interface OutageSettings {
  /** Budget F: false outages a source-year, were there no holidays. */
  readonly falseOutagesPerSourceYear: number;
  /** No gap shorter than this many silent hours is an outage. */
  readonly minGapHours: number;
  /** Usual days that a source which rests on some day of the week may be away besides, when it stops after its day is done. */
  readonly holidayDays: number;
  /** The same, when public holidays are known: a day off that the calendar does not name. */
  readonly knownHolidayDays: number;
  /** The same, when it stops in the middle of its day: no holiday begins so. */
  readonly brokenDayDays: number;
  /** Its gaps up to this quantile are usual; beyond, silence is "unusual". */
  readonly usualQuantile: number;
  /** The source's clock is made of these trailing weeks. */
  readonly referenceWeeks: number;
  /** Nothing is judged before the source is this old. */
  readonly minHistoryDays: number;
  /** Nor with fewer gaps to compare with. */
  readonly minReferenceGaps: number;
  /** What came this often in the trailing rhythmWeeks is rhythm: up to rhythmFactor times that is usual, even if it was called an outage. */
  readonly rhythmGaps: number;
  readonly rhythmWeeks: number;
  readonly rhythmFactor: number;
}

/**
 * Why these: ten sources at 0.25 are five false calls in two years for whoever looks after them, and clients' alerts are
 * held as soon as silence is unusual: half the budget costs only ln 2 = 0.7 expected events of delay. Two holidays may follow each other (Easter, Christmas) or enclose a weekend, and a
 * source's first and last hours of a day are not sharp: 2.5 days. Early closing before one holiday: 1.5. Outages are left
 * out of what is usual, which alone would make a source that begins to close on Sundays broken on every Sunday to come:
 * hence the rhythm rule.
 */
export const defaultOutageSettings: OutageSettings = {
  falseOutagesPerSourceYear: 0.25,
  minGapHours: 6,
  holidayDays: 2.5,
  knownHolidayDays: 1.5,
  brokenDayDays: 1.5,
  usualQuantile: 0.995,
  referenceWeeks: 26,
  minHistoryDays: 14,
  minReferenceGaps: 20,
  rhythmGaps: 3,
  rhythmWeeks: 4,
  rhythmFactor: 1.25,
};

/** How rare a gap is. */
interface GapRarity {
  /** P(a gap of this source is longer), if nothing is broken. */
  readonly tailProbability: number;
  /** Gaps a year that are longer, if nothing is broken: false outages, were the line drawn right here. */
  readonly falseOutagesAYear: number;
  /** The same at the line that it is held to. */
  readonly falseOutagesAYearAtLine: number;
  /** Hours of the gap in which the source usually sends. */
  readonly missedHours: number;
}

/** A stretch without a single event, far beyond the source's own gaps. */
export interface Outage extends OpenInterval, GapRarity {
  /** Silent hours: up to the return, or up to now. */
  readonly gapHours: number;
  /** Silent hours after which it was called an outage; they depend on when it began. */
  readonly thresholdHours: number;
}

/** The gap that is open now. */
export interface OpenGap extends Partial<GapRarity> {
  /** End of the last hour with events. */
  readonly startMs: number;
  readonly gapHours: number;
  /** "unjudged": too little history; "unusual": longer than the longest usual one, but not yet an outage. */
  readonly state: "unjudged" | "usual" | "unusual" | "outage";
  /** Undefined when unjudged, as are the rarities. */
  readonly thresholdHours: number | undefined;
  /** Time at which the gap is (or was) called an outage unless an event comes; undefined when unjudged. */
  readonly deadlineMs: number | undefined;
}

export interface SourceContinuity {
  /** Oldest first; the last has endMs undefined while it goes on. */
  readonly outages: readonly Outage[];
  /** Undefined for a source that never sent anything. */
  readonly openGap: OpenGap | undefined;
}

const MS_AN_HOUR = 3_600_000;
/** Gaps that begin earlier have no measure: the clock knows no weekend before it saw one. */
const FIRST_CLOCK_HOURS = 8 * HOURS_A_DAY;
/** A gap that swallows so much of a usual day, and is no chance, was a holiday. */
const HOLIDAY_SHARE = 0.75;
/** Silence in which not one event was to be expected is never unusual. */
const LEAST_UNUSUAL_EVENTS = 1;

/**
 * When was a source (a sender of events, for all clients together) broken? A gap is measured on the source's own clock:
 * in events that are expected in its hours of the week, by the trailing 26 weeks without outages. It is an outage when
 * gaps as long are rarer than the budget (outageTail), it has more than 6 hours, is beyond what came three times in four
 * weeks, and for a source with days of rest more than holidays can explain.
 *
 * O(hours) from the first active hour to now, and a look at the gaps of 26 weeks for each gap beyond 6 hours.
 *
 * @param activeHours hours with at least one event, as hours since 1970 (floor(ms / 3600000)), ascending, distinct
 * @param nowMs up to when the source's silence is known; hand in the time up to which its events are surely stored
 * @throws RangeError when hours are not ascending integers, or nowMs lies before the last active hour
 */
export function findOutages(
  activeHours: readonly number[],
  nowMs: number,
  calendar: SourceCalendar = utcCalendar,
  settings: OutageSettings = defaultOutageSettings,
): SourceContinuity {
  checkInput(activeHours, nowMs);
  const firstHour = activeHours[0];
  if (firstHour === undefined) return { outages: [], openGap: undefined };

  const source = new JudgedSource(firstHour, calendar, settings);
  const outages: Outage[] = [];
  for (let i = 1; i < activeHours.length; i++) {
    const outage = source.endGap(activeHours[i - 1]! + 1, activeHours[i]!);
    if (outage !== undefined) outages.push(outage);
  }
  const { openGap, outage } = source.openGap(activeHours.at(-1)! + 1, nowMs);
  if (outage !== undefined) outages.push(outage);
  return { outages, openGap };
}

/** What is known of a source while its hours are gone through. */
class JudgedSource {
  readonly #firstHour: number;
  readonly #calendar: SourceCalendar;
  readonly #settings: OutageSettings;
  readonly #hours: SourceHours;
  readonly #gaps: SourceGaps;
  #local: LocalClock | undefined;
  #localHour = Number.NEGATIVE_INFINITY;

  constructor(firstHour: number, calendar: SourceCalendar, settings: OutageSettings) {
    const windowHours = settings.referenceWeeks * HOURS_A_WEEK;
    this.#firstHour = firstHour;
    this.#calendar = calendar;
    this.#settings = settings;
    this.#hours = new SourceHours(windowHours, calendar.hourOfWeek);
    this.#gaps = new SourceGaps(windowHours);
    this.#hours.add(firstHour, "active");
  }

  /** Takes the silent hours [startHour, endHour) and the active hour after them. @returns the outage that it was */
  endGap(startHour: number, endHour: number): Outage | undefined {
    const gapHours = endHour - startHour;
    let outage: Outage | undefined;
    if (gapHours > 0) {
      const local = this.#localAt(startHour);
      const events = expectedIn(local, local.clock.events, startHour, endHour);
      let kind: PastGap["kind"] = "usual";
      if (gapHours > this.#settings.minGapHours && this.#isJudged(startHour, local)) {
        const { thresholdHours, tail, lineEvents, leastEvents } = this.#lineFor(startHour, local);
        if (gapHours > thresholdHours) {
          kind = { cutAt: lineEvents };
          outage = {
            ...{ startMs: startHour * MS_AN_HOUR, endMs: endHour * MS_AN_HOUR, gapHours, thresholdHours },
            ...rarityOf(local, tail, startHour, endHour, thresholdHours),
          };
        } else if (events > lineEvents || (events > leastEvents && this.#tookADay(local, startHour, endHour))) {
          kind = "holiday";
        }
      }
      if (startHour - this.#firstHour >= FIRST_CLOCK_HOURS) this.#gaps.add({ endHour, events, kind });
      for (let hour = startHour; hour < endHour; hour++) {
        this.#hours.add(hour, kind === "usual" ? "silent" : "left_out");
      }
    }
    this.#hours.add(endHour, "active");
    return outage;
  }

  openGap(startHour: number, nowMs: number): { openGap: OpenGap; outage?: Outage } {
    const startMs = startHour * MS_AN_HOUR;
    // Inside the last active hour the gap has not begun.
    const nowHour = Math.max(startHour, nowMs / MS_AN_HOUR);
    const gap = { startMs, gapHours: nowHour - startHour };
    const local = this.#localAt(startHour);
    if (!this.#isJudged(startHour, local)) {
      return { openGap: { ...gap, state: "unjudged", thresholdHours: undefined, deadlineMs: undefined } };
    }
    const { thresholdHours, usualEvents, tail } = this.#lineFor(startHour, local);
    const rarity = rarityOf(local, tail, startHour, nowHour, thresholdHours);
    const judged = { ...gap, ...rarity, thresholdHours };
    // A gap must exceed its threshold: the first millisecond after it.
    const deadlineMs = Math.floor(startMs + thresholdHours * MS_AN_HOUR) + 1;
    if (nowMs >= deadlineMs) {
      return { openGap: { ...judged, state: "outage", deadlineMs }, outage: { ...judged, endMs: undefined } };
    }
    const isUsual = expectedIn(local, local.clock.events, startHour, nowHour) <= usualEvents;
    return { openGap: { ...judged, state: isUsual ? "usual" : "unusual", deadlineMs } };
  }

  /** The clock as known when a gap begins, at most a day old. */
  #localAt(startHour: number): LocalClock {
    if (this.#local === undefined || startHour - this.#localHour >= HOURS_A_DAY) {
      this.#local = { clock: this.#hours.clock(), hourOfWeek: this.#calendar.hourOfWeek };
      this.#localHour = startHour;
    }
    return this.#local;
  }

  #isJudged(startHour: number, { clock }: LocalClock): boolean {
    const { minHistoryDays, minReferenceGaps } = this.#settings;
    return startHour - this.#firstHour >= minHistoryDays * HOURS_A_DAY && clock.activeHours > minReferenceGaps;
  }

  /** Events are those at the line, at the line of a source without bursts, and up to which silence is usual. */
  #lineFor(startHour: number, local: LocalClock) {
    const settings = this.#settings;
    const { clock } = local;
    const { usual, cut } = this.#gaps.before(startHour);
    const tail = outageTail(clock, usual, cut);
    const rhythm = this.#gaps.rhythmBefore(startHour, settings.rhythmGaps, settings.rhythmWeeks);
    const byRhythm = settings.rhythmFactor * rhythm;
    const lineEvents = Math.max(tail.exceededAYear(settings.falseOutagesPerSourceYear), byRhythm);
    const leastEvents = Math.max(tail.atRandomAYear(settings.falseOutagesPerSourceYear), byRhythm);
    const thresholdHours = hoursToLine(local, startHour, {
      events: lineEvents,
      days: clock.rests ? this.#daysOfRest(startHour, local, tail) : 0,
      hours: settings.minGapHours,
      mostHours: settings.referenceWeeks * HOURS_A_WEEK,
    });
    // One rank up: late in a week the reference holds that week's short gaps but not yet its long one.
    const above = Math.max(0, Math.floor((1 - settings.usualQuantile) * clock.activeHours) - 1);
    const usualEvents = Math.max(LEAST_UNUSUAL_EVENTS, rhythm, largestOf(usual, above + 1)[above] ?? 0);
    return { tail, lineEvents, leastEvents, usualEvents, thresholdHours };
  }

  #tookADay(local: LocalClock, startHour: number, endHour: number): boolean {
    return local.clock.rests && expectedIn(local, local.clock.dayShare, startHour, endHour) >= HOLIDAY_SHARE;
  }

  /** A holiday begins when a day's work is done: silence that is an outage by its first day alone began in its middle. */
  #daysOfRest(startHour: number, local: LocalClock, tail: OutageTail): number {
    const { knownHolidayDays, holidayDays, brokenDayDays, falseOutagesPerSourceYear } = this.#settings;
    if (this.#calendar.knowsHolidays) return knownHolidayDays;
    const firstDay = expectedIn(local, local.clock.events, startHour, endOfDay(local, startHour));
    return tail.longerAYear(firstDay) < falseOutagesPerSourceYear ? brokenDayDays : holidayDays;
  }
}

function rarityOf(
  local: LocalClock,
  tail: OutageTail,
  startHour: number,
  endHour: number,
  thresholdHours: number,
): GapRarity {
  const longerAYear = (toHour: number): number =>
    tail.longerAYear(expectedIn(local, local.clock.events, startHour, toHour));
  const falseOutagesAYear = longerAYear(endHour);
  return {
    tailProbability: Math.min(1, falseOutagesAYear / tail.gapsAYear),
    falseOutagesAYear,
    falseOutagesAYearAtLine: longerAYear(startHour + thresholdHours),
    missedHours: expectedIn(local, local.clock.active, startHour, endHour),
  };
}

function checkInput(activeHours: readonly number[], nowMs: number): void {
  for (let i = 0; i < activeHours.length; i++) {
    if (!Number.isInteger(activeHours[i])) throw new RangeError(`active hour must be an integer: ${activeHours[i]}`);
    if (i > 0 && activeHours[i]! <= activeHours[i - 1]!) {
      throw new RangeError(`active hours must ascend: ${activeHours[i - 1]}, ${activeHours[i]}`);
    }
  }
  const last = activeHours.at(-1);
  if (!Number.isFinite(nowMs) || (last !== undefined && nowMs < last * MS_AN_HOUR)) {
    throw new RangeError(`nowMs (${nowMs}) must not lie before the last active hour (${last})`);
  }
}
