import type { Dossier } from "../inputs/clientAnswers.ts";
import type { InvoiceRow, ProductRow, RevenueRow } from "../inputs/clientRows.ts";
import { type Amount, amountAsNumber, type Rates, readAmount } from "./amounts.ts";
import { dayText } from "./timeText.ts";

export interface Revenue {
  orders: number;
  gross: number;
  net: number;
  last_30d: number;
  last_90d: number;
  last_365d: number;
  before_365d: number;
  /** Currencies of amounts that are in no sum: no exchange rate is known. */
  without_rate: string[];
}

/** One client's sums in the workspace's currency; each day is converted at its own rate. */
export function sumRevenue(rows: readonly RevenueRow[], rates: Rates, today: number): Revenue {
  const sums = { gross: 0n, net: 0n, last_30d: 0n, last_90d: 0n, last_365d: 0n, before_365d: 0n };
  const withoutRate = new Set<string>();
  for (const { on_day: day, currency, ...row } of rows) {
    const placed = rates.convert(readAmount(row.gross), currency, day);
    const returned = rates.convert(readAmount(row.returned), currency, day);
    if (placed === undefined || returned === undefined) {
      withoutRate.add(currency);
      continue;
    }
    const kept = placed - returned;
    sums.gross += placed;
    sums.net += kept;
    if (day > today - 30) sums.last_30d += kept;
    if (day > today - 90) sums.last_90d += kept;
    if (day > today - 365) sums.last_365d += kept;
    else if (day > today - 730) sums.before_365d += kept;
  }
  return {
    orders: rows.reduce((sum, { orders }) => sum + orders, 0),
    gross: amountAsNumber(sums.gross),
    net: amountAsNumber(sums.net),
    last_30d: amountAsNumber(sums.last_30d),
    last_90d: amountAsNumber(sums.last_90d),
    last_365d: amountAsNumber(sums.last_365d),
    before_365d: amountAsNumber(sums.before_365d),
    without_rate: [...withoutRate].sort(),
  };
}

export interface Rhythm {
  order_days: number;
  /** Median of days between order days. */
  usual_gap_days: number | null;
  next_expected: string | null;
}

/** How regularly a client orders. The next order is expected from three order days on. @param orderDays in any order */
export function orderRhythm(orderDays: readonly number[]): Rhythm {
  const days = [...new Set(orderDays)].sort((a, b) => a - b);
  const gaps = days
    .slice(1)
    .map((day, index) => day - days[index]!)
    .sort((a, b) => a - b);
  if (gaps.length === 0) return { order_days: days.length, usual_gap_days: null, next_expected: null };
  const usual = (gaps[Math.floor((gaps.length - 1) / 2)]! + gaps[Math.floor(gaps.length / 2)]!) / 2;
  return {
    order_days: days.length,
    usual_gap_days: usual,
    next_expected: days.length < 3 ? null : dayText(days.at(-1)! + roundHalfToEven(usual)),
  };
}

/** As ClickHouse rounds floating-point numbers, so that the page and the view name the same day. */
function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

type Product = Dossier["products"]["list"][number];
/** With days as numbers: a client of thousands of products shows fifty. */
type BoughtProduct = Omit<Product, "first" | "last"> & { first: number; last: number };

export const sayProduct = ({ sku, name, first, last, ...product }: BoughtProduct): Product => ({
  sku,
  name,
  first: dayText(first),
  last: dayText(last),
  ...product,
});

interface DaySum {
  currency: string;
  day: number;
  quantity: Amount;
  amount: Amount;
}

/** A day's sum is converted, not its parts: as the views do it. */
function sumByDay(lines: ProductRow["lines"]): Iterable<DaySum> {
  const sums = new Map<string, DaySum>();
  for (const [currency, day, quantity, amount] of lines) {
    const sum = sums.get(`${currency}${day}`) ?? { currency, day, quantity: 0n, amount: 0n };
    sum.quantity += readAmount(quantity);
    sum.amount += readAmount(amount);
    sums.set(`${currency}${day}`, sum);
  }
  return sums.values();
}

/** What one client bought, the largest first. @param rows one a product */
export function listProducts(
  rows: readonly ProductRow[],
  rates: Rates,
  costs: ReadonlyMap<string, readonly { since: number; unitCost: Amount }[]>,
  today: number,
): BoughtProduct[] {
  return rows
    .map(({ sku, name, first_day: first, last_day: last, days, lines, ...row }) => {
      let [quantity, revenue, margin, hasCost] = [readAmount(row.quantity), readAmount(row.amount), 0n, false];
      for (const line of sumByDay(lines)) {
        const here = rates.convert(line.amount, line.currency, line.day) ?? 0n;
        const cost = costs.get(sku)?.find(({ since }) => since <= line.day);
        quantity += line.quantity;
        revenue += here;
        if (cost === undefined) continue;
        hasCost = true;
        margin += here - (line.quantity * cost.unitCost) / 10_000n;
      }
      const gap = days < 2 ? null : (last - first) / (days - 1);
      return {
        sku,
        name,
        first,
        last,
        days_bought: days,
        usual_gap_days: gap,
        days_since: today - last,
        lapsed: gap !== null && today - last > 2 * gap,
        quantity: amountAsNumber(quantity),
        revenue: amountAsNumber(revenue),
        margin: hasCost ? amountAsNumber(margin) : null,
        amount: revenue,
      };
    })
    .sort((one, other) => Number(other.amount - one.amount) || (one.sku < other.sku ? -1 : 1))
    .map(({ amount: _amount, ...product }) => product);
}

/** How one client pays; null where no invoices are known. */
export function judgePayments(rows: readonly InvoiceRow[], rates: Rates, today: number): Dossier["payments"] {
  if (rows.length === 0) return null;
  let [paid, withDueDay, onTime, daysLate, overdue, withoutRate] = [0, 0, 0, 0, 0, 0];
  let [overdueAmount, oldest] = [0n, Number.POSITIVE_INFINITY];
  for (const { state, currency, owed, day, paid_day: paidDay, due_day: dueDay, said_overdue: saidOverdue } of rows) {
    if (paidDay > 0) {
      paid++;
      if (dueDay === 0) continue;
      withDueDay++;
      if (paidDay <= dueDay) onTime++;
      daysLate += Math.max(0, paidDay - dueDay);
      continue;
    }
    if (state !== "open" || (saidOverdue === 0 && (dueDay === 0 || dueDay >= today))) continue;
    overdue++;
    if (dueDay > 0) oldest = Math.min(oldest, dueDay);
    const here = rates.convert(readAmount(owed), currency, day);
    if (here === undefined) withoutRate++;
    else overdueAmount += here;
  }
  return {
    invoices: rows.length,
    paid,
    paid_on_time_share: withDueDay === 0 ? null : onTime / withDueDay,
    average_days_late: withDueDay === 0 ? null : daysLate / withDueDay,
    overdue,
    overdue_amount: amountAsNumber(overdueAmount),
    overdue_without_rate: withoutRate,
    oldest_overdue: Number.isFinite(oldest) ? dayText(oldest) : null,
  };
}
