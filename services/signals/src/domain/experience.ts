import { type BudgetedDetector, type Budgets, budgetedDetectors, type FalseAlarms } from "./budgets.ts";

/** What came of a detector's alerts within a year, beside the false alarms that its lines were set for. */
export interface Experience {
  /** False alarms that the lines were to give in that time. */
  readonly aimed: number;
  readonly alerts: number;
  /** Of these, alerts that people recorded an outcome of, and false or expected ones among them. */
  readonly judged: number;
  readonly falseAlarms: number;
}
export type Experiences = ReadonlyMap<string, Experience>;

/** Fewer outcomes move no line. */
const fewestJudged = 10;
/** Belief that lines give what they were set for, in false alarms. */
const believed = 5;
/** No line is set for less than half or more than twice the budget. */
const most = 2;

/**
 * How many times the false alarms that its lines were set for a detector gives: the mean of a gamma-Poisson posterior around
 * 1. In steps of a tenth, so that a line does not tremble with every outcome.
 */
export function misjudged(experience: Experience | undefined): number {
  if (experience === undefined || experience.judged < fewestJudged) return 1;
  const { aimed, alerts, judged, falseAlarms } = experience;
  const ratio = ((alerts * falseAlarms) / judged + believed) / (aimed + believed);
  return Number(Math.min(most, Math.max(1 / most, ratio)).toFixed(1));
}

/** The budgets that lines are set for, so that the borne ones are kept: experience says by how much lines are off. */
export function aimsOf({ forAll, segments }: Budgets, experiences: Experiences): Budgets {
  const aimed = (falseAlarms: FalseAlarms): FalseAlarms =>
    Object.fromEntries(
      budgetedDetectors.map((detector) => [detector, falseAlarms[detector] / misjudged(experiences.get(detector))]),
    ) as FalseAlarms;
  return {
    forAll: aimed(forAll),
    segments: segments.map(({ segment, falseAlarms }) => ({ segment, falseAlarms: aimed(falseAlarms) })),
  };
}

/** Why a line is not set for the borne budget; empty where it is. */
export function sayExperience(detector: BudgetedDetector, experience: Experience | undefined, aim: number): string {
  const off = misjudged(experience);
  if (experience === undefined || off === 1) return "";
  return (
    ` Of ${experience.judged} alerts that people judged ${experience.falseAlarms} were false or expected: ${off} times what the line ` +
    `was set for, so ${detector.replaceAll("_", " ")} is set for ${aim.toPrecision(2)} now.`
  );
}
