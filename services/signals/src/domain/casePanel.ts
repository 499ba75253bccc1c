import type { RaisedFinding, SilencePrior } from "@keypulse/methods";
import type { LostCriterion } from "./losses.ts";

/** What all clients have in common for the smaller detectors. */
export interface CasePanel {
  /** How often decision makers are heard from. */
  readonly contactPrior: SilencePrior;
  readonly revenue: RevenueOfAll;
  /** Of the company as a whole, told of its largest client. */
  readonly concentration: { readonly largestClientId: string; readonly found: RaisedFinding } | undefined;
  readonly criterion: LostCriterion;
}

/** Net revenue of all clients together, by local day. */
export class RevenueOfAll {
  readonly #firstDay: number;
  /** #until[i]: sum of the first i days. */
  readonly #until: number[] = [0];

  /** @param days ascending */
  constructor(days: readonly { readonly day: number; readonly amount: number }[]) {
    this.#firstDay = days[0]?.day ?? 0;
    for (const { day, amount } of days) {
      while (this.#until.length < day - this.#firstDay + 1) this.#until.push(this.#until.at(-1)!);
      this.#until.push(this.#until.at(-1)! + amount);
    }
  }

  /** Of the 365 days up to and including a day; undefined where nothing is known of so long ago. */
  ofYear(lastDay: number): number | undefined {
    if (this.#until.length === 1 || lastDay - 364 < this.#firstDay) return undefined;
    return this.#sumUntil(lastDay) - this.#sumUntil(lastDay - 365);
  }

  #sumUntil(day: number): number {
    return this.#until[Math.max(0, Math.min(day - this.#firstDay + 1, this.#until.length - 1))]!;
  }
}
