import { type BudgetSettings, checkBudget, DAYS_A_YEAR, type Finding, MS_A_DAY } from "./finding.ts";
import { counted, date, list, percent, rarity, short } from "./say.ts";
import { noneTail } from "./tails.ts";

/** An order with the product groups that were in it. */
export interface OrderWithGroups {
  readonly atMs: number;
  readonly groups: readonly string[];
}

export const defaultMixSettings: BudgetSettings = { falseAlarmsPerClientYear: 0.1 };

const MIN_ORDERS_OF_GROUP = 4;
const DAYS_OF_REFERENCE = 730;

/**
 * Product groups that a client who still orders no longer orders, a sign of a competitor. A group's gap is counted in the
 * client's own orders, not in days: whether they order less often is another question. Odds are Beta-binomial; the budget
 * is shared out over all the runs of orders without a group that a year brings. O(orders · groups).
 *
 * @returns null too when the client has not ordered anything since the groups went
 * @throws RangeError when the budget is not > 0
 */
export function detectMix(orders: readonly OrderWithGroups[], settings: BudgetSettings, nowMs: number): Finding | null {
  checkBudget(settings);
  const known = orders
    .filter(({ atMs }) => atMs <= nowMs && atMs > nowMs - DAYS_OF_REFERENCE * MS_A_DAY)
    .toSorted((a, b) => a.atMs - b.atMs);
  if (known.length < 2) return null;
  const places = new Map<string, number[]>();
  for (const [index, { groups }] of known.entries()) {
    for (const group of new Set(groups)) {
      const at = places.get(group);
      if (at === undefined) places.set(group, [index]);
      else at.push(index);
    }
  }
  const years = Math.max(0.25, (known.at(-1)!.atMs - known[0]!.atMs) / MS_A_DAY / DAYS_A_YEAR);
  const regular = [...places].filter(([, at]) => at.length >= MIN_ORDERS_OF_GROUP);
  // Each order of a group begins a new run without it: so many chances a year to be wrong.
  const runsAYear = regular.reduce((sum, [, at]) => sum + at.length, 0) / years;
  const gone = regular
    .map(([group, at]) => {
      const last = at.at(-1)!;
      const since = known.length - 1 - last;
      // What came up to the last order with it tells how usual the group was.
      const tail = noneTail(since, at.length - 1, last);
      return { group, share: at.length / (last + 1), since, lastMs: known[last]!.atMs, tail };
    })
    .filter(({ since, tail }) => since > 0 && tail <= settings.falseAlarmsPerClientYear / runsAYear)
    .sort((a, b) => a.tail - b.tail);
  const [first] = gone;
  if (first === undefined) return null;
  const falseAlarmsPerClientYear = first.tail * runsAYear;
  const names = gone.map(({ group }) => group);
  const more = gone.length > 1 ? ` The same goes for ${list(names.slice(1))}.` : "";
  return {
    model: { name: "mix", version: 1 },
    cause: "missing_products",
    direction: "worse",
    expected: first.share,
    observed: 0,
    unit: "share of orders",
    window: { fromMs: first.lastMs, toMs: nowMs },
    tailProbability: first.tail,
    falseAlarmsPerClientYear,
    parts: names,
    values: { orders_since: first.since, groups_gone: gone.length, groups_regular: regular.length },
    headline: `no ${short(first.group)} in the last ${counted(first.since, "order")}`,
    text:
      `No ${first.group} in the last ${counted(first.since, "order")}, since ${date(first.lastMs)}; before, it was in ` +
      `${percent(first.share)} of them.${more} By chance this happens ${rarity(falseAlarmsPerClientYear)}: do they buy it elsewhere?`,
  };
}
