import { seededRandom } from "../random.ts";
import { type ReplayRule, replayGaps, replayWeekly } from "./openings.ts";
import { type Group, groups, type ReplayPanel } from "./panel.ts";
import { countAlarms, type Figures, type Period, thresholdWithin, watchedYears } from "./periods.ts";
import { delayOf, type Plant, type PlantKind, plantDrops, plantKinds } from "./plants.ts";
import { gapRules, weeklyRules } from "./rules.ts";

/** How many of the planted drops were found, and how soon. */
export interface Recall {
  /** Those that met an open episode are left out. */
  readonly plants: number;
  readonly found: number;
  /** Of those that were found. */
  readonly meanDelayWeeks: number | undefined;
}

/**
 * How a threshold was set: on the calibration period, as in life; or on the report period itself, which nobody can, but
 * which makes rules give equally many false alarms there and so compares them alone.
 */
export const bases = ["calibrated", "hindsight"] as const;
export type Basis = (typeof bases)[number];

export interface RuleResult {
  readonly basis: Basis;
  readonly rule: string;
  readonly title: string;
  readonly group: Group;
  readonly budget: number;
  /** Undefined where no threshold keeps the budget, or nobody was watched. */
  readonly threshold: number | undefined;
  /** What it came to where it was set. */
  readonly calibration: Figures | undefined;
  readonly report: Figures | undefined;
  readonly recall: Readonly<Record<PlantKind, Recall>> | undefined;
}

export interface ComparisonSettings {
  readonly budgets: readonly number[];
  readonly seed: number;
  /** At most, of each kind and group. */
  readonly plants: number;
}

/** Keypulse's rules, and those of today. */
export const replayRules: readonly ReplayRule[] = [...weeklyRules.map(replayWeekly), ...gapRules.map(replayGaps)];

/** With less than this a threshold says nothing. */
const MIN_CLIENT_YEARS = 2;

/**
 * Every rule on the same clients at the same budget: thresholds are set on the calibration period, figures are of the
 * report period. Rules meet the same planted drops. A generator, so that whoever runs it can show how far it is.
 */
export function* compareRules(
  panel: ReplayPanel,
  periods: { readonly calibration: Period; readonly report: Period },
  settings: ComparisonSettings,
  rules: readonly ReplayRule[] = replayRules,
): Generator<{ readonly done: number; readonly of: number }, RuleResult[]> {
  const results: RuleResult[] = [];
  const of = groups.length * rules.length;
  let done = 0;
  for (const group of groups) {
    const random = seededRandom(settings.seed);
    const enough = watchedYears(panel, group, periods.calibration) >= MIN_CLIENT_YEARS;
    const plants = plantKinds.flatMap((kind) =>
      enough ? plantDrops(panel, group, periods.report, kind, settings.plants, random) : [],
    );
    for (const rule of rules) {
      yield { done: done++, of };
      if (!enough) {
        for (const basis of bases)
          for (const budget of settings.budgets) results.push(unset(rule, group, basis, budget));
        continue;
      }
      const [calibrated, hindsight] = countAlarms(rule, panel, group, [periods.calibration, periods.report]);
      const figuresOf = { calibrated: calibrated!, hindsight: hindsight! };
      const lines = bases.flatMap((basis) =>
        settings.budgets.map((budget) => ({
          basis,
          budget,
          threshold: thresholdWithin(rule.thresholds, figuresOf[basis], budget),
        })),
      );
      const used = [...new Set(lines.flatMap(({ threshold }) => threshold ?? []))];
      const recalled = recallOf(rule, used, panel, group, plants);
      for (const { basis, budget, threshold } of lines) {
        if (threshold === undefined) {
          results.push(unset(rule, group, basis, budget));
          continue;
        }
        const index = rule.thresholds.indexOf(threshold);
        results.push({
          ...unset(rule, group, basis, budget),
          threshold,
          calibration: figuresOf[basis][index],
          report: figuresOf.hindsight[index],
          recall: recalled[used.indexOf(threshold)],
        });
      }
    }
  }
  return results;
}

function unset({ key, title }: ReplayRule, group: Group, basis: Basis, budget: number): RuleResult {
  const nothing = { threshold: undefined, calibration: undefined, report: undefined, recall: undefined };
  return { basis, rule: key, title, group, budget, ...nothing };
}

function recallOf(
  rule: ReplayRule,
  thresholds: readonly number[],
  panel: ReplayPanel,
  group: Group,
  plants: readonly Plant[],
): Record<PlantKind, Recall>[] {
  const sums = thresholds.map(
    () =>
      Object.fromEntries(plantKinds.map((kind) => [kind, { plants: 0, found: 0, weeks: 0 }])) as Record<
        PlantKind,
        { plants: number; found: number; weeks: number }
      >,
  );
  for (const plant of plants) {
    const at = rule.openings(plant.client, group, panel);
    for (const [i, threshold] of thresholds.entries()) {
      const delay = delayOf(plant, at(threshold), panel);
      if (delay === "open") continue;
      const sum = sums[i]![plant.kind];
      sum.plants++;
      if (delay === "missed") continue;
      sum.found++;
      sum.weeks += delay;
    }
  }
  return sums.map(
    (byKind) =>
      Object.fromEntries(
        plantKinds.map((kind) => {
          const { plants, found, weeks } = byKind[kind];
          return [kind, { plants, found, meanDelayWeeks: found > 0 ? weeks / found : undefined }];
        }),
      ) as Record<PlantKind, Recall>,
  );
}
