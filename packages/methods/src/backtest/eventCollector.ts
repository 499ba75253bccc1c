import type { Calendar } from "../channel/calendar.ts";
import type { EventDays } from "./eventDays.ts";

const quarterHourMs = 900_000;
const hourMs = 3_600_000;

/** Events one by one, in any order, gathered to what a backtest reads: days by client, and hours by source. */
export class EventCollector {
  readonly #calendar: Calendar;
  readonly #clients = new Map<string, { times: number[]; sources: Map<string, number>; segment: string }>();
  readonly #hours = new Map<string, Set<number>>();
  /** Days of quarters of an hour, which no time zone splits: its arithmetic is slow. */
  readonly #days = new Map<number, number>();

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  /** @param segment of the client; the last that is named counts */
  add(client: string, atMs: number, source: string, segment = ""): void {
    const known = this.#clients.get(client) ?? { times: [], sources: new Map<string, number>(), segment };
    if (known.times.length === 0) this.#clients.set(client, known);
    if (segment !== "") known.segment = segment;
    known.times.push(atMs);
    known.sources.set(source, (known.sources.get(source) ?? 0) + 1);
    const hours = this.#hours.get(source) ?? new Set<number>();
    if (hours.size === 0) this.#hours.set(source, hours);
    hours.add(Math.floor(atMs / hourMs));
  }

  clients(): EventDays[] {
    return [...this.#clients].map(([client, { times, sources, segment }]) => {
      const days: number[] = [];
      const counts: number[] = [];
      const firstMs: number[] = [];
      const lastMs: number[] = [];
      for (const atMs of times.toSorted((a, b) => a - b)) {
        const day = this.#dayOf(atMs);
        if (days.at(-1) === day) {
          counts[counts.length - 1]! += 1;
          lastMs[lastMs.length - 1] = atMs;
        } else {
          days.push(day);
          counts.push(1);
          firstMs.push(atMs);
          lastMs.push(atMs);
        }
      }
      const sourceShares = new Map([...sources].map(([source, count]) => [source, count / times.length]));
      return { client, segment, days, counts, firstMs, lastMs, sourceShares };
    });
  }

  /** Epoch hours with events by source, ascending. */
  sourceHours(): Map<string, number[]> {
    return new Map([...this.#hours].map(([source, hours]) => [source, [...hours].sort((a, b) => a - b)]));
  }

  #dayOf(ms: number): number {
    const quarter = Math.floor(ms / quarterHourMs);
    const known = this.#days.get(quarter);
    if (known !== undefined) return known;
    const day = this.#calendar.dayOf(ms);
    this.#days.set(quarter, day);
    return day;
  }
}
