import type { GapSums } from "../regularGaps.ts";
import { evenSteps, geometricSteps } from "./weeklyRule.ts";

/** What a rule about gaps knows of a client at its last event. */
export type GapSoFar = GapSums;

/** A rule that lets a clock run from the last event, and alarms when it reaches the critical gap. */
export interface GapRule<Context = unknown> {
  readonly key: string;
  readonly title: string;
  /** Thresholds to choose from, ascending: from eager to strict. */
  readonly thresholds: readonly number[];
  /** The strictest threshold at which a gap of so many days alarms: the inverse of criticalGapDays. */
  score(client: GapSoFar, gapDays: number, context: Context): number;
  /** Days without an event at which it alarms. */
  criticalGapDays(client: GapSoFar, threshold: number, context: Context): number;
}

/** "No order for 137 days": the same number of days for everybody. */
export const fixedDaysRule: GapRule = {
  key: "fixed_days",
  title: "fixed days without an event",
  thresholds: geometricSteps(5, 400, 90),
  score: (_client, gapDays) => gapDays,
  criticalGapDays: (_client, threshold) => threshold,
};

/** "Three times their usual pause": a multiple of the client's own mean gap. */
export const meanGapRule: GapRule = {
  key: "mean_gap",
  title: "multiple of own mean gap",
  thresholds: evenSteps(0.5, 15, 117),
  score: ({ repeats, spanDays }, gapDays) => (gapDays * repeats) / spanDays,
  criticalGapDays: ({ repeats, spanDays }, threshold) => (threshold * spanDays) / repeats,
};
