/** Hour of the local week that an epoch hour begins in: 0 to 167, 0 from Monday 00:00. */
export type HourOfWeek = (epochHour: number) => number;

/** The week of the place where a source's people live: with UTC, changes of clocks blur nights and weekends. */
export interface SourceCalendar {
  readonly hourOfWeek: HourOfWeek;
  /** Whether public holidays have a Sunday's hours; where not, a source's may be any day. */
  readonly knowsHolidays: boolean;
}

export const HOURS_A_WEEK = 168;
export const HOURS_A_DAY = 24;

/** 1970-01-01 was a Thursday. */
const hourOfWeekUtc: HourOfWeek = (epochHour) =>
  (((epochHour + 3 * HOURS_A_DAY) % HOURS_A_WEEK) + HOURS_A_WEEK) % HOURS_A_WEEK;

/** A source's week as the trailing weeks showed it. Arrays are by hour of the week. */
export interface SourceClock {
  /** How likely the hour is to be active. */
  readonly active: Float64Array;
  /** What the hour adds to the source's own clock: -ln(1 - active), the events that are expected in it. */
  readonly events: Float64Array;
  /** The hour's part of its whole usual day; 0 on days of rest. */
  readonly dayShare: Float64Array;
  /** Whether some day of the week is nearly empty against the busiest. */
  readonly rests: boolean;
  /** Hours that were active, and that were looked at. */
  readonly activeHours: number;
  readonly seenHours: number;
  /** How much of the window they fill, 0 to 1. */
  readonly windowShare: number;
  /** What the latest weeks say of the rate on this clock: gaps that ended in them, and their sum. */
  readonly lately: { readonly gaps: number; readonly events: number };
}

export const utcCalendar: SourceCalendar = { hourOfWeek: hourOfWeekUtc, knowsHolidays: false };

export type HourState = "active" | "silent" | "left_out";
const codes = { left_out: 0, silent: 1, active: 2 } as const satisfies Record<HourState, number>;

/** A day with less than this of the busiest day's hours is a day of rest. */
const REST_SHARE = 0.1;
/** Weeks that the source's mean counts for in an hour's share, at least and at most. */
const LEAST_WEIGHT = 0.1;
const MOST_WEIGHT = 52;
/** Level moves faster than the shape of a week: the rate on the clock is that of so many hours. */
const RATE_HOURS = 4 * HOURS_A_WEEK;

/** The trailing hours of a source, and the profile of its week that they make. Adding an hour is O(1). */
export class SourceHours {
  readonly #hourOfWeek: HourOfWeek;
  /** Ring of the window: hour of the week, and what it was. */
  readonly #bins: Uint8Array;
  readonly #states: Uint8Array;
  readonly #seen = new Int32Array(HOURS_A_WEEK);
  readonly #active = new Int32Array(HOURS_A_WEEK);
  #added = 0;

  constructor(windowHours: number, hourOfWeek: HourOfWeek) {
    this.#hourOfWeek = hourOfWeek;
    this.#bins = new Uint8Array(windowHours);
    this.#states = new Uint8Array(windowHours);
  }

  /** Hours are added in the order of time, without holes. */
  add(epochHour: number, state: HourState): void {
    const place = this.#added++ % this.#bins.length;
    this.#count(this.#bins[place]!, this.#states[place]!, -1);
    this.#bins[place] = this.#hourOfWeek(epochHour);
    this.#states[place] = codes[state];
    this.#count(this.#bins[place]!, this.#states[place]!, 1);
  }

  #count(bin: number, code: number, by: number): void {
    if (code === codes.left_out) return;
    this.#seen[bin]! += by;
    if (code === codes.active) this.#active[bin]! += by;
  }

  /**
   * The source's clock. Events that come at random with a rate of their own in each hour of the week leave an hour silent
   * with probability exp(-rate), so the rate is read from how often the hour was active; on a clock that ticks at that
   * rate gaps are exponential with mean 1, whatever nights and weekends do (time change of a Poisson process: Daley &
   * Vere-Jones 2003, 7.4). An hour's share is pulled towards the source's mean as a beta-binomial's, its weight by
   * moments: much where hours differ only by chance. O(168).
   */
  clock(): SourceClock {
    const seenHours = this.#seen.reduce((sum, n) => sum + n, 0);
    const activeHours = this.#active.reduce((sum, n) => sum + n, 0);
    const mean = activeHours / seenHours;
    const weight = this.#weightOfMean(mean, seenHours);
    // What never was silent may be so at its next hour all the same (Laplace's rule of succession).
    const most = 1 - 1 / (activeHours + 2);
    const active = new Float64Array(HOURS_A_WEEK);
    const events = new Float64Array(HOURS_A_WEEK);
    const days = new Float64Array(HOURS_A_WEEK / HOURS_A_DAY);
    for (let bin = 0; bin < HOURS_A_WEEK; bin++) {
      const share = Math.min(most, (this.#active[bin]! + weight * mean) / (this.#seen[bin]! + weight));
      active[bin] = share;
      events[bin] = -Math.log1p(-share);
      days[Math.floor(bin / HOURS_A_DAY)]! += share;
    }
    const rest = REST_SHARE * Math.max(...days);
    const dayShare = active.map((share, bin) => {
      const day = days[Math.floor(bin / HOURS_A_DAY)]!;
      return day < rest ? 0 : share / day;
    });
    return {
      ...{ active, events, dayShare, rests: days.some((day) => day < rest) },
      ...{ activeHours, seenHours, windowShare: seenHours / this.#bins.length, lately: this.#lately(active, events) },
    };
  }

  /**
   * In an active hour the first event comes after 1 - rate/(exp(rate) - 1) events' time in the mean; what follows in the
   * hour is not seen. O(RATE_HOURS).
   */
  #lately(active: Float64Array, events: Float64Array): SourceClock["lately"] {
    const untilFirst = events.map((rate, bin) => (rate > 0 ? 1 - (rate * (1 - active[bin]!)) / active[bin]! : 0));
    let gaps = 0;
    let sum = 0;
    for (let back = 1; back <= Math.min(RATE_HOURS, this.#added, this.#bins.length); back++) {
      const place = (this.#added - back) % this.#bins.length;
      const bin = this.#bins[place]!;
      if (this.#states[place] === codes.silent) sum += events[bin]!;
      if (this.#states[place] === codes.active) {
        gaps++;
        sum += untilFirst[bin]!;
      }
    }
    return { gaps, events: sum };
  }

  /**
   * k of a beta-binomial by moments: the sum of n (share - mean)^2 over the hours of the week is expected to be
   * mean (1 - mean) (B - 1 + rho (N - sum(n^2)/N - (B - 1))) with rho = 1/(k + 1).
   */
  #weightOfMean(mean: number, seenHours: number): number {
    let bins = 0;
    let squares = 0;
    let spread = 0;
    for (let bin = 0; bin < HOURS_A_WEEK; bin++) {
      const seen = this.#seen[bin]!;
      if (seen === 0) continue;
      bins++;
      squares += seen * seen;
      spread += seen * (this.#active[bin]! / seen - mean) ** 2;
    }
    const byChance = mean * (1 - mean);
    const room = seenHours - squares / seenHours - (bins - 1);
    if (byChance === 0 || room <= 0) return MOST_WEIGHT;
    const rho = (spread / byChance - (bins - 1)) / room;
    return rho <= 0 ? MOST_WEIGHT : Math.min(MOST_WEIGHT, Math.max(LEAST_WEIGHT, 1 / rho - 1));
  }
}
