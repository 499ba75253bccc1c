import { evenSteps, geometricSteps } from "./weeklyRule.ts";

/** What a rule about gaps knows of a client at its last event. */
export interface GapSoFar {
  /** Active days after the first. */
  readonly repeats: number;
  /** Days from the first event to the last. */
  readonly spanDays: number;
}

/** A rule that lets a clock run from the last event, and alarms when it reaches the critical gap. */
export interface GapRule<Context = unknown> {
  readonly key: string;
  readonly title: string;
  /** Thresholds to choose from, ascending: from eager to strict. */
  readonly thresholds: readonly number[];
  /** Days without an event at which it alarms. */
  criticalGapDays(client: GapSoFar, threshold: number, context: Context): number;
}

/** "No order for 137 days": the same number of days for everybody. */
export const fixedDaysRule: GapRule = {
  key: "fixed_days",
  title: "fixed days without an event",
  thresholds: geometricSteps(5, 400, 90),
  criticalGapDays: (_client, threshold) => threshold,
};

/** "Three times their usual pause": a multiple of the client's own mean gap. */
export const meanGapRule: GapRule = {
  key: "mean_gap",
  title: "multiple of own mean gap",
  thresholds: evenSteps(0.5, 15, 117),
  criticalGapDays: ({ repeats, spanDays }, threshold) => (threshold * spanDays) / repeats,
};
