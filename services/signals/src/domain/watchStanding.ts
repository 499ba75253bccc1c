import { detectNewThings, detectReturn, detectShareCrossing, revenueOfYearBefore, shareLevel } from "@keypulse/methods";
import { type CaseFrame, quiet, raised, watchBudgeted } from "./caseFrame.ts";
import { lossesOf } from "./losses.ts";
import type { Watched } from "./watched.ts";

const dayMs = 86_400_000;
/** So long a crossing is news, and a return. */
const daysOfCrossing = 60;
const daysOfReturn = 30;
/** Far below every level, not looked at closer. */
const smallShare = 0.08;
const weeksBefore = 26;

/** What a client is to the company: its share, new product groups, its return. */
export function watchStanding(frame: CaseFrame): Watched[] {
  const { clientId, panel, file, yearRevenue, firstOrderMs } = frame;
  const shareOf = new Map(file.groups.map(({ name, share }) => [name, share]));
  const { concentration } = panel;
  return [
    watchShare(frame),
    concentration?.largestClientId === clientId
      ? raised("concentration_trend", "orders", { ...concentration.found, moneyAtStake: yearRevenue })
      : quiet("concentration_trend", "orders", false),
    watchBudgeted(
      frame,
      "new_product_groups",
      "orders",
      file.groups.length > 1 && firstOrderMs !== undefined,
      (budget, atMs) => detectNewThings("product group", file.groups, firstOrderMs!, budget, atMs),
      ({ parts }) =>
        yearRevenue *
        Math.min(
          1,
          parts.reduce((sum, name) => sum + (shareOf.get(name) ?? 0), 0),
        ),
    ),
    watchReturn(frame),
  ];
}

/** The share of the trailing year, looked at week by week; what crossed a level in the last two months is told. */
function watchShare(frame: CaseFrame): Watched {
  const { panel, calendar, asOfMs, revenue, yearRevenue } = frame;
  const today = calendar.dayOf(asOfMs);
  const shareOn = (day: number): number | undefined => {
    const ofAll = panel.revenue.ofYear(day);
    if (ofAll === undefined || !(ofAll > 0)) return undefined;
    return revenueOfYearBefore(revenue, calendar.dayStartMs(day)) / ofAll;
  };
  const shareNow = shareOn(today);
  const shareBefore = shareOn(today - daysOfCrossing);
  const nothing = quiet("share_crossing", "orders", shareNow !== undefined);
  if (shareNow === undefined || shareBefore === undefined) return nothing;
  if (shareNow < smallShare && shareBefore < smallShare) return nothing;

  const monday = calendar.weekOf(asOfMs) * 7 - 3;
  const days = [
    ...Array.from({ length: weeksBefore }, (_, i) => monday - 7 * (weeksBefore - 1 - i)),
    ...(monday === today ? [] : [today]),
  ];
  let level: number | undefined;
  let crossing: { day: number; from: number } | undefined;
  for (const day of days) {
    const share = shareOn(day);
    if (share === undefined) continue;
    const next = shareLevel(share, level ?? 0);
    if (level !== undefined && next !== level) crossing = { day, from: level };
    level = next;
  }
  if (crossing === undefined || crossing.day <= today - daysOfCrossing) return nothing;
  const window = { fromMs: calendar.dayStartMs(today - 364), toMs: asOfMs };
  const finding = detectShareCrossing(shareNow, crossing.from, window);
  if (finding === null) return nothing;
  return raised("share_crossing", "orders", {
    finding,
    crossedAtMs: calendar.dayStartMs(crossing.day),
    moneyAtStake: yearRevenue,
    heldBy: frame.orderSources.heldBy,
  });
}

/** Lost by the portfolio's criterion, and ordering again since a month at most. */
function watchReturn({ file, settings, panel, calendar, asOfMs, orderDays, revenue }: CaseFrame): Watched {
  const nothing = quiet("return", "orders", orderDays.length > 0);
  const today = calendar.dayOf(asOfMs);
  // Losses are looked for only where somebody ordered lately.
  const days = Array.from(orderDays).filter((day) => day <= today);
  if (days.length < settings.minRepeats + 2 || days.at(-1)! <= today - daysOfReturn) return nothing;
  const losses = lossesOf(days, file.saidLostDays, panel.criterion, today);
  const loss = losses.findLast(({ backDay }) => backDay !== undefined && backDay > today - daysOfReturn);
  if (loss?.backDay === undefined) return nothing;
  // Who had ordered but a few times before had no rhythm to be missed by: that is no return, but another order.
  if (days.filter((day) => day <= loss.lastOrderDay).length <= settings.minRepeats) return nothing;
  // Days are told by their noon: its date is that of the day, whatever the zone.
  const noonMs = (day: number): number => calendar.dayStartMs(day) + dayMs / 2;
  const activityMs = days.filter((day) => day >= loss.backDay!).map(noonMs);
  const told = { lostMs: noonMs(loss.lostDay), lastActiveMs: noonMs(loss.lastOrderDay), activityMs };
  const finding = detectReturn(told, "order", Math.max(asOfMs, activityMs.at(-1)!));
  if (finding === null) return nothing;
  return raised("return", "orders", {
    finding,
    crossedAtMs: calendar.dayStartMs(loss.backDay),
    moneyAtStake: revenueOfYearBefore(revenue, told.lastActiveMs),
  });
}
