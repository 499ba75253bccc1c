import { dateOf, sum } from "./arithmetic.ts";
import type { Order } from "./facts.ts";

export interface Loss {
  readonly client: string;
  readonly last_order: string;
  readonly lost_on: string;
  readonly won_back_on: string | null;
  /** Thousandths. */
  readonly revenue_before: number;
  readonly revenue_after: number;
}

/** Every loss until a day: no order for three of the client's own usual gaps and 90 days, 180 after a single one. */
export function lossesOf(orders: readonly Order[], asOfDay: number): Loss[] {
  const known = orders.filter(({ client, day }) => client !== undefined && day <= asOfDay);
  return [...Map.groupBy(known, ({ client }) => client!)].flatMap(([client, list]) => {
    const days = [...new Set(list.filter(({ placed }) => placed).map(({ day }) => day))].toSorted((a, b) => a - b);
    const between = (from: number, to: number): number =>
      sum(list.filter(({ day }) => day >= from && day <= to).map(({ amount }) => amount));
    const gaps: number[] = [];
    return days.flatMap((last, index): Loss[] => {
      if (index > 0) gaps.push(last - days[index - 1]!);
      const next = days[index + 1];
      const limit = gaps.length === 0 ? 180 : Math.max(90, 3 * median(gaps.slice(-20)));
      const lost = last + Math.ceil(limit) + 1;
      if (lost >= (next ?? asOfDay + 1)) return [];
      return [
        {
          client,
          last_order: dateOf(last),
          lost_on: dateOf(lost),
          won_back_on: next === undefined ? null : dateOf(next),
          revenue_before: between(last - 364, last),
          revenue_after: next === undefined ? 0 : between(next, next + 364),
        },
      ];
    });
  });
}

function median(numbers: readonly number[]): number {
  const ascending = numbers.toSorted((a, b) => a - b);
  const middle = (ascending.length - 1) / 2;
  return (ascending[Math.floor(middle)]! + ascending[Math.ceil(middle)]!) / 2;
}
