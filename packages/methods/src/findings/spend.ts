import type { OrderAmount } from "../moneyAtStake.ts";
import { normalTail } from "../specialFunctions.ts";
import { type BudgetSettings, checkBudget, checkFinite, DAYS_A_YEAR, type Finding, MS_A_DAY } from "./finding.ts";
import { MEDIAN_PENALTY, median, robustSpread } from "./robust.ts";
import { counted, money, number, percent, rarity } from "./say.ts";
import { fewerTail } from "./tails.ts";

export interface SpendSettings extends BudgetSettings {
  /** The trailing period, and how many of the same length before it tell what is usual. */
  readonly windowDays: number;
  readonly referenceWindows: number;
  readonly currency: string;
}

export const defaultSpendSettings = { falseAlarmsPerClientYear: 0.1, windowDays: 91, referenceWindows: 3 } as const;

const MIN_ORDERS = 6;
/** One small order, or two, may be an addition to the last large one. */
const MIN_ORDERS_NOW = 3;
/** Order values are never surer than this on the log scale: price lists are not rhythms. */
const MIN_LOG_SPREAD = 0.1;
/** A fall of less than this share is not worth a manager's time. */
const WORTH_TELLING = 0.2;

/**
 * Revenue of the trailing period below the client's own expectation, and why: orders less often (their number against
 * negative-binomial odds), smaller orders (median and MAD of the log values), or both. Half of the budget goes to each.
 * Returns (negative amounts) lower revenue but are no orders. O(orders · log orders).
 *
 * @param orders in one currency, any order
 * @returns null too when fewer than six orders lie before the trailing period, when none lies in it (that is silence, and
 *   told as such), or revenue fell by less than 20 %
 * @throws RangeError on amounts or times that are not finite, or a budget that is not > 0
 */
export function detectSpend(orders: readonly OrderAmount[], settings: SpendSettings, nowMs: number): Finding | null {
  checkBudget(settings);
  checkFinite({ nowMs });
  const windowMs = settings.windowDays * MS_A_DAY;
  const fromMs = nowMs - windowMs;
  const referenceMs = fromMs - settings.referenceWindows * windowMs;
  const before: OrderAmount[] = [];
  const now: OrderAmount[] = [];
  let firstMs = nowMs;
  for (const order of orders) {
    checkFinite({ amount: order.amount, atMs: order.atMs });
    if (order.atMs > nowMs) continue;
    firstMs = Math.min(firstMs, Math.max(order.atMs, referenceMs));
    if (order.atMs <= referenceMs) continue;
    (order.atMs > fromMs ? now : before).push(order);
  }
  const valuesBefore = before.filter(({ amount }) => amount > 0).map(({ amount }) => amount);
  const values = now.filter(({ amount }) => amount > 0).map(({ amount }) => amount);
  // A young client is compared with the time since its first order.
  const periods = (fromMs - firstMs) / windowMs;
  if (valuesBefore.length < MIN_ORDERS || values.length === 0 || periods < 0.5) return null;

  const expected = sum(before) / periods;
  const observed = sum(now);
  if (!(expected > 0) || observed > (1 - WORTH_TELLING) * expected) return null;
  const line = (settings.falseAlarmsPerClientYear * settings.windowDays) / DAYS_A_YEAR / 2;
  const fewer = fewerTail(values.length, valuesBefore.length, periods);
  const size = sizeChange(valuesBefore, values);
  const isFewer = fewer <= line;
  const isSmaller = size.tail <= line;
  if (!isFewer && !isSmaller) return null;

  const tailProbability = Math.min(1, 2 * Math.min(fewer, size.tail));
  const falseAlarmsPerClientYear = (tailProbability * DAYS_A_YEAR) / settings.windowDays;
  const usualOrders = valuesBefore.length / periods;
  const often = `${counted(values.length, "order")} instead of ${number(usualOrders)}`;
  const large = `an order is usually ${money(size.before, settings.currency)}, now ${money(size.now, settings.currency)}`;
  const why =
    isFewer && isSmaller
      ? `Fewer and smaller orders: ${often}; ${large}`
      : isFewer
        ? `They order less often: ${often}`
        : `Their orders are smaller: ${large}`;
  return {
    model: { name: "spend", version: 1 },
    cause: isFewer ? "less_activity" : "smaller_orders",
    direction: "worse",
    expected,
    observed,
    unit: `${settings.currency} in ${settings.windowDays} days`,
    window: { fromMs, toMs: nowMs },
    tailProbability,
    falseAlarmsPerClientYear,
    parts: [],
    values: {
      orders: values.length,
      usual_orders: usualOrders,
      order_value: size.now,
      usual_order_value: size.before,
      tail_of_number: fewer,
      tail_of_size: size.tail,
    },
    headline: isSmaller
      ? `orders of ${money(size.now, settings.currency)} instead of ${money(size.before, settings.currency)}`
      : `revenue down by ${percent(1 - observed / expected)}`,
    text:
      `${money(observed, settings.currency)} in the last ${settings.windowDays} days, ${percent(1 - observed / expected)} ` +
      `less than their usual ${money(expected, settings.currency)}. ${why}. By chance this happens ${rarity(falseAlarmsPerClientYear)}.`,
  };
}

/** The median order against the earlier ones, on the log scale. */
function sizeChange(before: readonly number[], now: readonly number[]): { before: number; now: number; tail: number } {
  const logs = before.map(Math.log);
  const centre = median(logs);
  const spread = Math.max(MIN_LOG_SPREAD, robustSpread(logs, centre));
  const recent = median(now.map(Math.log));
  if (now.length < MIN_ORDERS_NOW) return { before: Math.exp(centre), now: Math.exp(recent), tail: 1 };
  const error = spread * MEDIAN_PENALTY * Math.sqrt(1 / now.length + 1 / before.length);
  return { before: Math.exp(centre), now: Math.exp(recent), tail: normalTail((centre - recent) / error) };
}

function sum(orders: readonly OrderAmount[]): number {
  return Math.round(orders.reduce((total, { amount }) => total + amount, 0) * 100) / 100;
}
