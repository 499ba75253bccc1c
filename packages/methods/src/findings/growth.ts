import type { DropScore } from "../dropScore.ts";
import { type BudgetSettings, checkBudget, checkFinite, DAYS_A_YEAR, type Finding, MS_A_DAY } from "./finding.ts";
import { counted, few, list, number, peersTakenOut, percent, rarity } from "./say.ts";
import { moreTail } from "./tails.ts";

/** As much as a drop must fall beyond the level, growth must rise beyond it. */
const TOLERATED_SHARE = 0.1;

/** The mirror of the drop score: (d - 0.1 m) / sd. */
export function growthScore({ d, m, sd }: Pick<DropScore, "d" | "m" | "sd">): number {
  return (d - TOLERATED_SHARE * m) / sd;
}

/**
 * Activity clearly above the client's own earlier level, what all clients did alike taken out.
 *
 * @param score of the last complete week
 * @param threshold as for drops: the spread of now - m is the same both ways
 * @param noun what is counted: "orders", "signs of life"
 */
export function detectGrowth(
  score: DropScore,
  threshold: number,
  noun: string,
  weekEndMs: number,
  segment = "",
): Finding | null {
  const rise = growthScore(score);
  if (!(rise >= threshold)) return null;
  return {
    model: { name: "growth", version: 1 },
    cause: "growing",
    direction: "better",
    expected: score.levelBefore,
    observed: score.levelNow,
    unit: `${noun} a week`,
    window: { fromMs: weekEndMs - 8 * 7 * MS_A_DAY, toMs: weekEndMs },
    tailProbability: undefined,
    falseAlarmsPerClientYear: undefined,
    parts: [],
    values: { score: rise, threshold, ratio: score.ratio, usual_wobble: score.usualWobble },
    headline: `${noun} up by ${percent(score.ratio - 1)}`,
    text:
      `${percent(score.ratio - 1)} more ${noun}: ${number(score.levelNow)} a week over the last eight weeks, usually ` +
      `${number(score.levelBefore)}. ${peersTakenOut(segment)}`,
  };
}

const RECENT_DAYS = 91;
const MIN_PERIODS = 2;

/**
 * More new things (product groups ordered, people in touch) in the last quarter than the quarters before explain.
 *
 * @param firsts name of each, and when it was first seen
 * @param sinceMs when the client began: its first quarter, in which everything is new, is left out
 * @throws RangeError on times that are not finite, or a budget that is not > 0
 */
export function detectNewThings(
  kind: "product group" | "contact",
  firsts: readonly { readonly name: string; readonly firstMs: number }[],
  sinceMs: number,
  settings: BudgetSettings,
  nowMs: number,
): Finding | null {
  checkBudget(settings);
  checkFinite({ sinceMs, nowMs });
  const quarterMs = RECENT_DAYS * MS_A_DAY;
  const fromMs = nowMs - quarterMs;
  const periods = (fromMs - sinceMs) / quarterMs - 1;
  if (periods < MIN_PERIODS) return null;
  const recent = firsts.filter(({ firstMs }) => firstMs > fromMs && firstMs <= nowMs);
  const before = firsts.filter(({ firstMs }) => firstMs > sinceMs + quarterMs && firstMs <= fromMs).length;
  const tailProbability = moreTail(recent.length, before, periods);
  const falseAlarmsPerClientYear = (tailProbability * DAYS_A_YEAR) / RECENT_DAYS;
  if (recent.length < 2 || falseAlarmsPerClientYear > settings.falseAlarmsPerClientYear) return null;
  const names = recent.toSorted((a, b) => b.firstMs - a.firstMs).map(({ name }) => name);
  return {
    model: { name: kind === "contact" ? "new_contacts" : "new_product_groups", version: 1 },
    cause: "growing",
    direction: "better",
    expected: before / periods,
    observed: recent.length,
    unit: `new ${kind}s in ${RECENT_DAYS} days`,
    window: { fromMs, toMs: nowMs },
    tailProbability,
    falseAlarmsPerClientYear,
    parts: names,
    values: { earlier: before },
    headline: few(recent.length, `new ${kind}`),
    text:
      `${counted(recent.length, `new ${kind}`)} in the last quarter (${list(names)}), usually ${number(before / periods)}; ` +
      `by chance this happens ${rarity(falseAlarmsPerClientYear)}.`,
  };
}
