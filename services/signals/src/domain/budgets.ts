import type { Budget, Detector } from "@keypulse/contracts";

/** Detectors that may be wrong by chance, and so have a budget. */
export const budgetedDetectors = ["activity_drop", "silence"] as const satisfies readonly Detector[];
export type BudgetedDetector = (typeof budgetedDetectors)[number];

/** False alarms a client-year that are borne, by detector. */
export type FalseAlarms = Readonly<Record<BudgetedDetector, number>>;

/** How many false alarms are borne of whom: the workspace's budget, with the service's settings where it says nothing. */
export interface Budgets {
  readonly forAll: FalseAlarms;
  /** Segments with a budget of their own. */
  readonly segments: readonly { readonly segment: string; readonly falseAlarms: FalseAlarms }[];
}

export function budgetsOf(budget: Budget, usual: FalseAlarms): Budgets {
  const forAll = { ...usual, ...budget.false_alarms };
  return {
    forAll,
    segments: budget.segments.map(({ segment, false_alarms }) => ({
      segment,
      falseAlarms: { ...forAll, ...false_alarms },
    })),
  };
}

/** Every budget that a detector is asked for. */
export const budgetsOfDetector = ({ forAll, segments }: Budgets, detector: BudgetedDetector): number[] => [
  ...new Set([forAll[detector], ...segments.map(({ falseAlarms }) => falseAlarms[detector])]),
];

/** A client's own: of several segments the one that bears most, for who is watched closely anywhere is watched closely. */
export function budgetOfClient({ forAll, segments }: Budgets, memberOf: ReadonlySet<string>): FalseAlarms {
  const own = segments.filter(({ segment }) => memberOf.has(segment)).map(({ falseAlarms }) => falseAlarms);
  if (own.length === 0) return forAll;
  return {
    activity_drop: Math.max(...own.map(({ activity_drop }) => activity_drop)),
    silence: Math.max(...own.map(({ silence }) => silence)),
  };
}
