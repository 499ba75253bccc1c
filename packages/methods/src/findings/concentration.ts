import { type BudgetSettings, checkBudget, checkFinite, type Finding } from "./finding.ts";
import { mannKendallTail, median, theilSenSlope } from "./robust.ts";
import { percent, rarity } from "./say.ts";

/** Above these shares of revenue a client is key, a dangerous dependence, a one-client company. */
export const shareLevels = [0.1, 0.2, 0.5] as const;
/** A level is left only this far below it, so that a share that trembles around 10 % is not news every month. */
const HYSTERESIS = 0.1;

const levelTexts = new Map<number, string>([
  [0.1, "a key client by revenue"],
  [0.2, "a dangerous dependence"],
  [0.5, "more than all others together"],
]);

/** The level that a share is at, given the one it was at: 0, 0.1, 0.2 or 0.5. */
export function shareLevel(share: number, before: number): number {
  const reached = shareLevels.findLast((level) => share >= level) ?? 0;
  if (reached >= before) return reached;
  // Down, but not before the share is clearly below a level that it was at.
  return shareLevels.findLast((level) => level <= before && share >= level * (1 - HYSTERESIS)) ?? 0;
}

/**
 * A client's share of revenue crosses 10, 20 or 50 %, either way. A fact.
 *
 * @param before the level it was at (shareLevel of the last look); 0 to start with
 * @param window the period that revenue is counted over, usually a year
 * @throws RangeError when the share is not finite
 */
export function detectShareCrossing(
  share: number,
  before: number,
  window: { readonly fromMs: number; readonly toMs: number },
): Finding | null {
  checkFinite({ share });
  const level = shareLevel(share, before);
  if (level === before) return null;
  const isUp = level > before;
  const crossed = isUp ? level : shareLevels.find((candidate) => candidate > level)!;
  return {
    model: { name: "share_crossing", version: 1 },
    cause: "dependence",
    direction: isUp ? "worse" : "neutral",
    expected: crossed,
    observed: share,
    unit: "share of revenue",
    window,
    tailProbability: undefined,
    falseAlarmsPerClientYear: undefined,
    parts: [],
    values: { level, level_before: before },
    headline: `share of our revenue ${isUp ? "above" : "below"} ${percent(crossed)}${isUp ? "" : " again"}`,
    text: isUp
      ? `${percent(share)} of revenue comes from this client: above ${percent(crossed)}, ${levelTexts.get(crossed)}.`
      : `${percent(share)} of revenue comes from this client: below ${percent(crossed)} again.`,
  };
}

/** Sum of squared shares of positive revenues: 1 for one client, 1 / n for n alike, 0 for none. */
export function herfindahl(revenues: readonly number[]): number {
  const positive = revenues.filter((revenue) => revenue > 0);
  const total = positive.reduce((sum, revenue) => sum + revenue, 0);
  return total > 0 ? positive.reduce((sum, revenue) => sum + (revenue / total) ** 2, 0) : 0;
}

const MIN_MONTHS = 6;
/** The index must change by a tenth of itself over the window. */
const WORTH_TELLING = 0.1;

/**
 * The Herfindahl index of the company rises or falls over the last twelve months (Theil–Sen, Mann–Kendall). Concerns the
 * portfolio, not one client: its rate is false alarms a year.
 *
 * @param monthly herfindahl of each month, oldest first
 * @throws RangeError when the budget is not > 0 or an index is not finite
 */
export function detectConcentrationTrend(
  monthly: readonly { readonly atMs: number; readonly index: number }[],
  settings: BudgetSettings,
): Finding | null {
  checkBudget(settings);
  for (const { atMs, index } of monthly) checkFinite({ atMs, index });
  const last = monthly.slice(-12);
  if (last.length < MIN_MONTHS) return null;
  const slope = theilSenSlope(last.map(({ index }, x) => ({ x, y: index })))!;
  const change = slope * (last.length - 1);
  const middle = median(last.map(({ index }) => index));
  if (!(Math.abs(change) >= WORTH_TELLING * middle)) return null;
  const tailProbability = 2 * mannKendallTail(last.map(({ index }) => Math.sign(change) * index));
  const falseAlarmsPerClientYear = (tailProbability * 12) / last.length;
  if (falseAlarmsPerClientYear > settings.falseAlarmsPerClientYear) return null;
  const [expected, observed] = [middle - change / 2, middle + change / 2];
  const shown = (index: number): string => index.toFixed(4);
  return {
    model: { name: "concentration_trend", version: 1 },
    cause: "dependence",
    direction: change > 0 ? "worse" : "better",
    expected,
    observed,
    unit: "Herfindahl index",
    window: { fromMs: last[0]!.atMs, toMs: last.at(-1)!.atMs },
    tailProbability,
    falseAlarmsPerClientYear,
    parts: [],
    values: { slope_a_month: slope, months: last.length, equal_clients: observed > 1e-9 ? 1 / observed : 0 },
    headline: `revenue hangs on ${change > 0 ? "fewer" : "more"} clients`,
    text:
      `Revenue hangs on ${change > 0 ? "fewer" : "more"} clients: the Herfindahl index went from ${shown(expected)} to ${shown(observed)} in ` +
      `${last.length} months; by chance this happens ${rarity(falseAlarmsPerClientYear)}.`,
  };
}
