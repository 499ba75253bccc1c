import { type ChannelHistory, createCalendar, dropPresets, SourceWatch } from "@keypulse/methods";
import { expect, it } from "vitest";
import { budgetsOf, usualBudgets } from "./budgets.ts";
import type { ClientHistory } from "./clientHistory.ts";
import { buildPanelContext } from "./context.ts";
import { detect } from "./detect.ts";

const calendar = createCalendar("UTC");
const dayMs = 86_400_000;
const today = Math.floor(Date.UTC(2026, 5, 1) / dayMs);
const asOfMs = today * dayMs + dayMs / 2;

/** Orders on every second day of two years, up to some days ago. */
function client(number: number, lastDaysAgo: number): ClientHistory {
  const days: number[] = [];
  for (let day = today - 730 + (number % 2); day <= today - lastDaysAgo; day += 2) days.push(day);
  const orders: ChannelHistory = {
    ...{ days, counts: days.map(() => 1), sourceShares: new Map([["shop", 1]]) },
    ...{ firstAtMs: days[0]! * dayMs, lastAtMs: days.at(-1)! * dayMs },
  };
  return { clientId: `${number}`, channels: { orders, all: orders }, revenue: { days, amounts: days.map(() => 10) } };
}

it("takes no known absence for a drop or a silence", () => {
  const away = client(0, 30);
  const panel = buildPanelContext(
    [away, ...Array.from({ length: 40 }, (_, number) => client(number + 1, 0))],
    new Map(),
    calendar.weekOf(asOfMs) - 1,
    asOfMs,
    calendar,
    [0.25],
    dropPresets.fast,
    [],
  );
  const budget = budgetsOf(
    { false_alarms: {}, segments: [], alerts_a_manager_week: 10 },
    usualBudgets({ drop: 0.25, silence: 0.1, smaller: 0.1 }),
  ).forAll;
  const sources = new SourceWatch(new Map(), asOfMs, calendar);
  const settings = { minRepeats: 3, minSourceClients: 5 };
  const found = (absences: { startMs: number; endMs: number }[]) => {
    const { watched, nextDeadlineMs } = detect(away, absences, panel, sources, budget, settings, calendar, asOfMs);
    const raised = watched.flatMap(({ finding, detector, channel }) => (finding ? `${detector} ${channel}` : []));
    return { raised: raised.sort(), nextDeadlineMs };
  };
  const alarms = ["activity_drop all", "activity_drop orders", "silence all", "silence orders"];
  expect(found([]).raised).toEqual(alarms);
  const holiday = { startMs: (today - 29) * dayMs, endMs: (today + 7) * dayMs };
  const quiet = found([holiday]);
  expect(quiet.raised).toEqual([]);
  // The clock goes on when they are back.
  expect(quiet.nextDeadlineMs).toBeGreaterThan(holiday.endMs);
  expect(found([{ ...holiday, endMs: (today - 25) * dayMs }]).raised).toEqual(alarms);
});
