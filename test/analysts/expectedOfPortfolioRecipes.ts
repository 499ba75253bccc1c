import { dateOf, dayOf, monthOf, sorted, sum } from "./arithmetic.ts";
import { lossesOf } from "./expectedOfLosses.ts";
import { portfolioOf } from "./expectedOfPortfolio.ts";
import type { Facts } from "./facts.ts";

type Rows = (number | string | null)[][];

const placed = ({ orders, today }: Facts, daysAgo = 0) =>
  portfolioOf(orders, dateOf(today - daysAgo), (client) => client);

/** Answers to the recipes about the portfolio. */
export const expectedOfPortfolioRecipes: Readonly<Record<string, (facts: Facts) => Rows>> = {
  "29_portfolio_grid": (facts) => {
    const fields = Map.groupBy(placed(facts), ({ abc, xyz }) => `${abc} ${xyz}`);
    return sorted(fields, ([field]) => field).map(([field, list]) => [
      ...field.split(" "),
      list.length,
      sum(list.map(({ revenue }) => revenue)) / 1000,
    ]);
  },

  "30_left_a": (facts) => {
    const now = new Map(placed(facts).map((row) => [row.client, row]));
    const left = placed(facts, 30).filter(({ client, abc }) => abc === "A" && now.get(client)?.abc !== "A");
    const rows = left.map(({ client, revenue }): [string, string, number, number] => [
      facts.names.get(client) ?? client,
      now.get(client)?.abc ?? "",
      revenue / 1000,
      (now.get(client)?.revenue ?? 0) / 1000,
    ]);
    return sorted(
      rows,
      ([, , before]) => -before,
      ([name]) => name,
    );
  },

  "31_lost_and_won_back": (facts) => {
    const losses = lossesOf(facts.orders, facts.today);
    const inMonth = (month: string, days: readonly (string | null)[]): number =>
      days.filter((day) => day !== null && monthOf(dayOf(day)) === month).length;
    const lostDays = losses.map(({ lost_on }) => lost_on);
    const backDays = losses.map(({ won_back_on }) => won_back_on);
    const months = new Set([...lostDays, ...backDays].flatMap((day) => (day === null ? [] : [monthOf(dayOf(day))])));
    return [...months].toSorted().map((month) => {
      const [lost, back] = [inMonth(month, lostDays), inMonth(month, backDays)];
      return [month, lost, back, back - lost];
    });
  },

  "32_if_largest_left": (facts) => {
    const all = placed(facts);
    const largest = all.find(({ place }) => place === 1)!;
    const revenue = sum(all.map((row) => row.revenue));
    const share = Math.round((largest.revenue / revenue) * 10_000) / 10_000;
    return [[facts.names.get(largest.client) ?? largest.client, revenue / 1000, largest.revenue / 1000, share]];
  },
};
