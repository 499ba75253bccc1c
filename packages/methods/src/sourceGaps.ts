import { HOURS_A_WEEK } from "./sourceClock.ts";

export interface PastGap {
  readonly endHour: number;
  /** Events that were expected in it, by what was known when it began. */
  readonly events: number;
  /** Outages are cut at the line that they went beyond; holidays are neither. */
  readonly kind: "usual" | "holiday" | { readonly cutAt: number };
}

/** The gaps of a source's trailing weeks, on its own clock. Hours that follow each other leave no gap here. */
export class SourceGaps {
  readonly #gaps: PastGap[] = [];
  readonly #windowHours: number;
  #oldest = 0;

  constructor(windowHours: number) {
    this.#windowHours = windowHours;
  }

  add(gap: PastGap): void {
    this.#gaps.push(gap);
  }

  /** Usual gaps that ended within the window, and where outages of it were cut. */
  before(hour: number): { usual: number[]; cut: number[] } {
    while (this.#oldest < this.#gaps.length && this.#gaps[this.#oldest]!.endHour < hour - this.#windowHours) {
      this.#oldest++;
    }
    const usual: number[] = [];
    const cut: number[] = [];
    for (let i = this.#oldest; i < this.#gaps.length; i++) {
      const { kind, events } = this.#gaps[i]!;
      if (kind === "usual") usual.push(events);
      else if (kind !== "holiday") cut.push(kind.cutAt);
    }
    return { usual, cut };
  }

  /** The gap that was reached `times` times in the trailing weeks, outages included; 0 where there were fewer. */
  rhythmBefore(hour: number, times: number, weeks: number): number {
    const longest: number[] = Array(times).fill(0);
    const sinceHour = hour - weeks * HOURS_A_WEEK;
    for (let i = this.#gaps.length - 1; i >= 0 && this.#gaps[i]!.endHour >= sinceHour; i--) {
      longest.push(this.#gaps[i]!.events);
      longest.sort((a, b) => b - a).pop();
    }
    return longest.at(-1) ?? 0;
  }
}
