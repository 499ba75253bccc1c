import type { HoldOutComparison, SegmentFit } from "@keypulse/methods";
import type { FitCommand } from "./options.ts";

export type Numbers = Readonly<Record<string, number>>;

export interface FitReport {
  readonly model: FitCommand["model"];
  readonly unit: "week" | "day";
  readonly file: { rows: number; returns: number; refused: number; examples: readonly string[] };
  readonly clients: number;
  readonly repeatBuyers: number;
  readonly repeats: number;
  /** Days of what was fitted, both included. */
  readonly from: string;
  readonly to: string;
  readonly k?: number;
  readonly tried?: readonly { k: number; logLikelihood: number }[];
  readonly parameters: Numbers;
  readonly standardErrors: Numbers | null;
  readonly logLikelihood: number;
  readonly converged: boolean;
  readonly iterations: number;
  readonly segments?: readonly SegmentLine[];
  readonly holdOut?: HoldOut;
  readonly amounts?: AmountComparison;
}

export interface SegmentLine {
  readonly segment: string;
  readonly clients: number;
  readonly repeatBuyers: number;
  readonly origin: SegmentFit<unknown>["origin"];
  readonly parameters: Numbers;
  readonly logLikelihood: number;
}

export interface HoldOut extends HoldOutComparison {
  readonly from: string;
  readonly to: string;
  readonly horizon: number;
}

/** Of clients who bought before and after the cutoff: mean amount of a purchase. */
export interface AmountComparison {
  readonly clients: number;
  readonly actual: number;
  readonly expected: number;
  readonly meanAbsoluteError: number;
}

/** One client as the model sees it. */
export interface ClientLine {
  readonly client: string;
  readonly x: number;
  readonly t_x: number;
  readonly T: number;
  readonly p_alive?: number;
  /** Purchases within the hold-out, or within the horizon asked for. */
  readonly expected?: number;
  readonly actual?: number;
  /** Mean amount of the repeat purchases, and the expected amount of the next. */
  readonly mean_amount?: number;
  readonly expected_amount?: number | null;
}

export interface Fitted {
  readonly report: FitReport;
  /** In the file's order, computed as they are asked for; may be gone through again. */
  readonly clients: Iterable<ClientLine>;
}
