import { type BudgetSettings, checkBudget, checkFinite, DAYS_A_YEAR, type Finding, MS_A_DAY } from "./finding.ts";
import { mannKendallTail, median, theilSenSlope } from "./robust.ts";
import { date, percent, rarity } from "./say.ts";

/** A share of an order's or a month's value: margin, or discount on the list price. */
export interface ShareAt {
  readonly atMs: number;
  /** 0.3 is 30 %. */
  readonly share: number;
}

const POINTS = 12;
const MIN_POINTS = 6;
/** Two percentage points over the window: less is not worth a word. */
const WORTH_TELLING = 0.02;

export const defaultTrendSettings: BudgetSettings = { falseAlarmsPerClientYear: 0.1 };

/** The margin of the last twelve orders (or months) falls. @returns null too with fewer than six; @throws as shareTrend */
export function detectMarginTrend(points: readonly ShareAt[], settings: BudgetSettings, nowMs: number): Finding | null {
  return shareTrend("margin", points, -1, settings, nowMs);
}

/** The discount granted on the last twelve orders (or months) rises. @returns null too with fewer than six */
export function detectDiscountTrend(
  points: readonly ShareAt[],
  settings: BudgetSettings,
  nowMs: number,
): Finding | null {
  return shareTrend("discount", points, 1, settings, nowMs);
}

/**
 * A trend by Theil–Sen and Mann–Kendall, told when it comes to two percentage points or more over its window. Twelve new
 * points are a new look.
 *
 * @throws RangeError on a share or time that is not finite, or a budget that is not > 0
 */
function shareTrend(
  name: "margin" | "discount",
  points: readonly ShareAt[],
  sign: 1 | -1,
  settings: BudgetSettings,
  nowMs: number,
): Finding | null {
  checkBudget(settings);
  for (const { atMs, share } of points) checkFinite({ atMs, share });
  const known = points.filter(({ atMs }) => atMs <= nowMs).toSorted((a, b) => a.atMs - b.atMs);
  const last = known.slice(-POINTS);
  if (last.length < MIN_POINTS) return null;
  const slope = theilSenSlope(last.map(({ share }, x) => ({ x, y: share })))!;
  const change = slope * (last.length - 1);
  if (sign * change < WORTH_TELLING) return null;
  const tailProbability = mannKendallTail(last.map(({ share }) => sign * share));
  const years = Math.max(0.25, (known.at(-1)!.atMs - known[0]!.atMs) / MS_A_DAY / DAYS_A_YEAR);
  const looksAYear = known.length / years / last.length;
  const falseAlarmsPerClientYear = tailProbability * looksAYear;
  if (falseAlarmsPerClientYear > settings.falseAlarmsPerClientYear) return null;
  // The line through the middle of the points, at its two ends.
  const middle = median(last.map(({ share }) => share));
  const expected = middle - change / 2;
  const observed = middle + change / 2;
  const fromMs = last[0]!.atMs;
  return {
    model: { name: `${name}_trend`, version: 1 },
    cause: "falling_margin",
    direction: "worse",
    expected,
    observed,
    unit: name === "margin" ? "share of revenue" : "share of the list price",
    window: { fromMs, toMs: nowMs },
    tailProbability,
    falseAlarmsPerClientYear,
    parts: [],
    values: { slope_a_point: slope, points: last.length },
    headline: `${name} ${name === "margin" ? "down" : "up"} from ${percent(expected)} to ${percent(observed)}`,
    text:
      `${name === "margin" ? "Their margin fell" : "Their discount rose"} from ${percent(expected)} to ${percent(observed)} ` +
      `over the last ${last.length} orders, since ${date(fromMs)}. By chance this happens ${rarity(falseAlarmsPerClientYear)}.`,
  };
}
