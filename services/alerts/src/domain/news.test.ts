import { expect, test } from "vitest";
import { aSignal } from "../testing/signals.ts";
import { EpisodeHistory } from "./episodes.ts";
import { type News, worstFirst } from "./news.ts";

test("news come worst first, and each alert's versions in order", () => {
  const newsOf = (client: string, ...money: number[]): News[] => {
    const history = new EpisodeHistory();
    return money.map((money_at_stake, index) => {
      const detected_at = new Date(Date.UTC(2026, 0, 1 + index)).toISOString();
      const { version } = history.apply(aSignal({ client_id: client, money_at_stake, detected_at }), { freshDays: 7 });
      return { alert: version!, peakMoney: money_at_stake, again: false };
    });
  };
  const small = newsOf("11111111-1111-8111-8111-111111111111", 10);
  const large = newsOf("22222222-2222-8222-8222-222222222222", 50, 900);
  const middle = newsOf("33333333-3333-8333-8333-333333333333", 200, 100);
  const told = worstFirst([...small, ...middle.toReversed(), ...large]);
  expect(told.map(({ alert }) => alert.money_at_stake)).toEqual([50, 900, 200, 100, 10]);
});
