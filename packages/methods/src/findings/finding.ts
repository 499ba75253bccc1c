/** What a finding is about: findings of one client with one cause belong into one alert, whichever detectors said so. */
export type Cause =
  | "less_activity"
  | "smaller_orders"
  | "missing_products"
  | "pays_late"
  | "falling_margin"
  | "contact_lost"
  | "unanswered_calls"
  | "dissatisfied"
  | "dependence"
  | "growing"
  | "back"
  | "source_broken"
  | "pipeline_behind";

/**
 * What any detector found, as data: enough to explain it, to join it with others and to repeat it. Plain JSON.
 * Detectors give null where they found nothing.
 */
export interface Finding {
  /** Which detector, and of what version: numbers of different versions must not be compared. */
  readonly model: { readonly name: string; readonly version: number };
  readonly cause: Cause;
  /** For us: a loss or a danger, a chance, or only news. */
  readonly direction: "worse" | "better" | "neutral";
  /** What it should have been, and was, in `unit`. */
  readonly expected: number;
  readonly observed: number;
  readonly unit: string;
  /** Of what was observed. */
  readonly window: { readonly fromMs: number; readonly toMs: number };
  /** P(as extreme as this, if nothing had changed); undefined where a fact is reported (a bounce is no estimate). */
  readonly tailProbability: number | undefined;
  /** What that means: false alarms a client-year, were the line drawn right here. Undefined where that is not known. */
  readonly falseAlarmsPerClientYear: number | undefined;
  /** The product groups, contacts or invoices that it concerns, most important first. */
  readonly parts: readonly string[];
  /** Further numbers that the text or a reader may want; units end names. */
  readonly values: Readonly<Record<string, number>>;
  /** A few words in lower case, at most some 60 characters: what a list of findings shows. */
  readonly headline: string;
  /** One sentence or two for a person, made of the numbers above. */
  readonly text: string;
}

/** Budget of a detector: false alarms a client-year that are accepted. */
export interface BudgetSettings {
  readonly falseAlarmsPerClientYear: number;
}

/** @throws RangeError when the budget is not > 0 */
export function checkBudget({ falseAlarmsPerClientYear }: BudgetSettings): void {
  if (!(falseAlarmsPerClientYear > 0)) {
    throw new RangeError(`the budget of false alarms must be > 0, got ${falseAlarmsPerClientYear}`);
  }
}

/** @throws RangeError naming what is not a finite number */
export function checkFinite(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value)) throw new RangeError(`${name} must be finite, got ${value}`);
  }
}

export const MS_A_DAY = 86_400_000;
export const DAYS_A_YEAR = 365.25;
