import type { Budget, Detector } from "@keypulse/contracts";

/** Smaller detectors that may be wrong by chance: unless people say otherwise they share one budget. */
export const smallerDetectors = [
  "contact_silence",
  "spend",
  "mix",
  "margin_trend",
  "discount_trend",
  "payment",
  "satisfaction_drop",
  "complaints",
  "concentration_trend",
  "new_product_groups",
  "new_contacts",
  "growth",
] as const satisfies readonly Detector[];
export type SmallerDetector = (typeof smallerDetectors)[number];

/** Detectors that may be wrong by chance, and so have a budget; the others report facts. */
export const budgetedDetectors = ["activity_drop", "silence", ...smallerDetectors] as const;
export type BudgetedDetector = (typeof budgetedDetectors)[number];

/** False alarms a client-year that are borne, by detector. */
export type FalseAlarms = Readonly<Record<BudgetedDetector, number>>;

/** How many false alarms are borne of whom: the workspace's budget, with the service's settings where it says nothing. */
export interface Budgets {
  readonly forAll: FalseAlarms;
  /** Segments with a budget of their own. */
  readonly segments: readonly { readonly segment: string; readonly falseAlarms: FalseAlarms }[];
}

/** The service's settings as budgets. */
export function usualBudgets(settings: { drop: number; silence: number; smaller: number }): FalseAlarms {
  const each = settings.smaller / smallerDetectors.length;
  return {
    ...(Object.fromEntries(smallerDetectors.map((detector) => [detector, each])) as Record<SmallerDetector, number>),
    activity_drop: settings.drop,
    silence: settings.silence,
  };
}

export function budgetsOf(budget: Budget, usual: FalseAlarms): Budgets {
  const forAll = withSet(usual, budget.false_alarms);
  return {
    forAll,
    segments: budget.segments.map(({ segment, false_alarms }) => ({
      segment,
      falseAlarms: withSet(forAll, false_alarms),
    })),
  };
}

/** What people set for a detector of facts has no meaning: facts are never wrong by chance. */
function withSet(usual: FalseAlarms, set: Budget["false_alarms"]): FalseAlarms {
  const own = budgetedDetectors.map((detector) => [detector, set[detector] ?? usual[detector]]);
  return Object.fromEntries(own) as FalseAlarms;
}

/** Every budget that a detector is asked for. */
export const budgetsOfDetector = ({ forAll, segments }: Budgets, detector: BudgetedDetector): number[] => [
  ...new Set([forAll[detector], ...segments.map(({ falseAlarms }) => falseAlarms[detector])]),
];

/** A client's own: of several segments the one that bears most, for who is watched closely anywhere is watched closely. */
export function budgetOfClient({ forAll, segments }: Budgets, memberOf: ReadonlySet<string>): FalseAlarms {
  const own = segments.filter(({ segment }) => memberOf.has(segment)).map(({ falseAlarms }) => falseAlarms);
  if (own.length === 0) return forAll;
  const most = (detector: BudgetedDetector): number => Math.max(...own.map((one) => one[detector]));
  return Object.fromEntries(budgetedDetectors.map((detector) => [detector, most(detector)])) as FalseAlarms;
}
