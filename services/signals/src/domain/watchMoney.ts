import {
  defaultSpendSettings,
  detectDiscountTrend,
  detectMarginTrend,
  detectMix,
  detectPayment,
  detectSpend,
  uncoveredMs,
} from "@keypulse/methods";
import { type CaseFrame, watchBudgeted } from "./caseFrame.ts";
import type { Watched } from "./watched.ts";

const dayMs = 86_400_000;
/** With more of the trailing period lost to broken sources, what came in it says little about the client. */
const mostLostDays = 7;
/** With fewer none of these detectors says anything: such clients are not watched. */
const leastOrders = 6;

/** Spend, mix, payment, margin and discount. */
export function watchMoney(frame: CaseFrame): Watched[] {
  const { file, settings, asOfMs, yearRevenue } = frame;
  const { heldBy, outages } = frame.orderSources;
  const { currency } = settings;

  const amounts = file.orders.flatMap(({ atMs, amount }) => (amount === undefined ? [] : { atMs, amount }));
  const { windowDays } = defaultSpendSettings;
  const lostMs = windowDays * dayMs - uncoveredMs(outages, asOfMs - windowDays * dayMs, asOfMs);
  const withGroups = file.orders.filter(({ groups }) => groups.length > 0);
  const discounts = file.orders.flatMap(({ atMs, discount }) =>
    discount === undefined ? [] : { atMs, share: discount },
  );
  const shareOf = new Map(file.groups.map(({ name, share }) => [name, share]));

  return [
    watchBudgeted(
      frame,
      "spend",
      "orders",
      amounts.length > leastOrders && lostMs <= mostLostDays * dayMs,
      (budget, atMs) => detectSpend(amounts, { ...defaultSpendSettings, ...budget, currency }, atMs),
      ({ expected, observed }) => ((expected - observed) * 365) / windowDays,
      heldBy,
    ),
    watchBudgeted(
      frame,
      "mix",
      "orders",
      withGroups.length > leastOrders,
      (budget, atMs) => detectMix(withGroups, budget, atMs),
      ({ parts }) =>
        yearRevenue *
        Math.min(
          1,
          parts.reduce((sum, name) => sum + (shareOf.get(name) ?? 0), 0),
        ),
      heldBy,
    ),
    watchBudgeted(
      frame,
      "margin_trend",
      "orders",
      file.margins.length >= leastOrders,
      (budget, atMs) => detectMarginTrend(file.margins, budget, atMs),
      ({ expected, observed }) => (expected - observed) * yearRevenue,
    ),
    watchBudgeted(
      frame,
      "discount_trend",
      "orders",
      discounts.length >= leastOrders,
      (budget, atMs) => detectDiscountTrend(discounts, budget, atMs),
      ({ expected, observed }) => (observed - expected) * yearRevenue,
    ),
    watchBudgeted(
      frame,
      "payment",
      "payments",
      file.invoices.length > leastOrders,
      (budget, atMs) => detectPayment(file.invoices, { ...budget, currency }, atMs),
      ({ values }) => values.overdue_amount ?? 0,
      heldBy,
    ),
  ];
}
