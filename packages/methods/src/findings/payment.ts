import { normalTail } from "../specialFunctions.ts";
import { type BudgetSettings, checkBudget, checkFinite, DAYS_A_YEAR, type Finding, MS_A_DAY } from "./finding.ts";
import { MEDIAN_PENALTY, mannKendallTail, median, robustSpread, theilSenSlope } from "./robust.ts";
import { counted, few, money, number, rarity } from "./say.ts";

export interface Invoice {
  readonly id: string;
  readonly dueMs: number;
  /** Undefined while it is open. */
  readonly paidMs: number | undefined;
  /** What is (or was) to be paid. */
  readonly amount: number;
}

export interface PaymentSettings extends BudgetSettings {
  readonly currency: string;
}

const RECENT = 3;
const TREND = 12;
const MIN_BEFORE = 5;
/** Bank days: nobody's habit is known more exactly. */
const MIN_SPREAD_DAYS = 2;
/** Later by less is not worth a call. */
const WORTH_TELLING_DAYS = 5;

/**
 * Pays later than is usual for them: the median delay of the last three invoices against the median and MAD of those
 * before, or a trend over the last twelve (Theil–Sen slope, Mann–Kendall). An open invoice counts from its due date on
 * with the days that it is late so far. Half of the budget goes to each. O(invoices · log invoices).
 *
 * @returns null too with fewer than eight invoices due, or when they are later by less than five days
 * @throws RangeError on times or amounts that are not finite, or a budget that is not > 0
 */
export function detectPayment(invoices: readonly Invoice[], settings: PaymentSettings, nowMs: number): Finding | null {
  checkBudget(settings);
  for (const { dueMs, paidMs = dueMs, amount } of invoices) checkFinite({ dueMs, paidMs, amount });
  const due = invoices.filter(({ dueMs }) => dueMs <= nowMs).toSorted((a, b) => a.dueMs - b.dueMs);
  const late = due.map(({ dueMs, paidMs }) => (Math.min(paidMs ?? nowMs, nowMs) - dueMs) / MS_A_DAY);
  if (late.length < MIN_BEFORE + RECENT) return null;
  const before = late.slice(0, -RECENT);
  const usual = median(before);
  const now = median(late.slice(-RECENT));
  const spread = Math.max(MIN_SPREAD_DAYS, robustSpread(before, usual));
  const error = spread * MEDIAN_PENALTY * Math.sqrt(1 / RECENT + 1 / before.length);
  const levelTail = normalTail((now - usual) / error);

  const last = late.slice(-TREND);
  const slope = theilSenSlope(last.map((y, x) => ({ x, y }))) ?? 0;
  const rise = slope * (last.length - 1);
  const trendTail = rise > 0 ? mannKendallTail(last) : 1;

  const years = Math.max(0.25, (due.at(-1)!.dueMs - due[0]!.dueMs) / MS_A_DAY / DAYS_A_YEAR);
  // Three new invoices are a new look; each look asks twice.
  const looksAYear = due.length / RECENT / years;
  const line = settings.falseAlarmsPerClientYear / looksAYear / 2;
  const isLater = levelTail <= line && now - usual >= WORTH_TELLING_DAYS;
  const isRising = trendTail <= line && rise >= WORTH_TELLING_DAYS;
  if (!isLater && !isRising) return null;

  const overdue = due.filter(({ paidMs }) => paidMs === undefined || paidMs > nowMs);
  const overdueAmount = overdue.reduce((sum, { amount }) => sum + amount, 0);
  const tailProbability = Math.min(1, 2 * Math.min(levelTail, trendTail));
  const falseAlarmsPerClientYear = tailProbability * looksAYear;
  const what = isLater
    ? `The last three invoices were paid ${describeDelay(now)}, usually ${describeDelay(usual)}`
    : `Payment comes later and later: ${number(slope)} days more with each of the last ${last.length} invoices`;
  const open =
    overdue.length === 0
      ? ""
      : ` ${counted(overdue.length, "invoice")} of ${money(overdueAmount, settings.currency)} ${overdue.length === 1 ? "is" : "are"} overdue now.`;
  return {
    model: { name: "payment", version: 1 },
    cause: "pays_late",
    direction: "worse",
    expected: usual,
    observed: isLater ? now : last.at(-1)!,
    unit: "days late",
    window: { fromMs: due.at(-(isLater ? RECENT : last.length))!.dueMs, toMs: nowMs },
    tailProbability,
    falseAlarmsPerClientYear,
    parts: overdue.toSorted((a, b) => b.amount - a.amount).map(({ id }) => id),
    values: {
      overdue_amount: overdueAmount,
      overdue_invoices: overdue.length,
      slope_days_an_invoice: slope,
      tail_of_level: levelTail,
      tail_of_trend: trendTail,
    },
    headline:
      overdue.length > 0
        ? `${few(overdue.length, "invoice")} of ${money(overdueAmount, settings.currency)} overdue`
        : isLater
          ? `paid ${describeDelay(now)}, usually ${describeDelay(usual)}`
          : `each invoice paid ${counted(slope, "day")} later`,
    text: `${what}.${open} By chance this happens ${rarity(falseAlarmsPerClientYear)}.`,
  };
}

function describeDelay(days: number): string {
  if (Math.abs(days) < 0.5) return "on time";
  return days > 0 ? `${counted(days, "day")} late` : `${counted(-days, "day")} early`;
}
