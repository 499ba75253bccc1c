import { addMonths, dateOf, dayOf, sorted, sum, tally } from "./arithmetic.ts";
import type { Order } from "./facts.ts";

/** A client's place in the portfolio, counted from the orders as they were sent. */
export interface Placed {
  readonly client: string;
  readonly orders: number;
  /** Thousandths. */
  readonly revenue: number;
  readonly place: number;
  readonly share: number;
  readonly abc: "A" | "B" | "C";
  readonly variation: number | null;
  readonly xyz: "X" | "Y" | "Z";
  readonly how_often: "often" | "regularly" | "irregularly";
  readonly first_order: string | null;
  readonly last_order: string | null;
  readonly rfm: string;
}

/**
 * Revenue, ABC, XYZ and RFM of the months up to a day, by the limits that count where nobody set others.
 * @param idOf what orders clients of equal revenue
 */
export function portfolioOf(
  orders: readonly Order[],
  asOf: string,
  idOf: (client: string) => string,
  months = 12,
): Placed[] {
  const next = dateOf(dayOf(asOf) + 1);
  // Firsts of the months, the newest first, counted back from the day after.
  const starts = Array.from({ length: months }, (_, ago) => dayOf(monthsBefore(next, ago + 1)));
  const known = orders.filter(({ client, day }) => client !== undefined && day < dayOf(next));
  const within = known.filter(({ day }) => day >= starts.at(-1)!);
  const byClient = Map.groupBy(within, ({ client }) => client!);
  const days = Map.groupBy(
    known.filter(({ placed }) => placed),
    ({ client }) => client!,
  );
  const rows = [...byClient].map(([client, list]) => {
    const monthOf = ({ day }: Order): number => starts.findIndex((start) => day >= start);
    const totals = tally(list, monthOf, ({ amount }) => amount);
    const revenue = sum(totals.values());
    const mean = revenue / months;
    const squares = sum([...totals.values()].map((total) => (total - mean) ** 2)) + (months - totals.size) * mean ** 2;
    const orderDays = days.get(client)?.map(({ day }) => day) ?? [];
    return {
      client,
      orders: list.filter(({ placed }) => placed).length,
      revenue,
      variation: revenue > 0 ? Math.sqrt(squares / months) / mean : null,
      orderMonths: new Set(list.filter(({ placed }) => placed).map(monthOf)).size,
      first: orderDays.length === 0 ? null : Math.min(...orderDays),
      last: orderDays.length === 0 ? null : Math.max(...orderDays),
    };
  });
  const everything = sum(rows.map(({ revenue }) => Math.max(revenue, 0)));
  const buyers = rows.filter((row) => row.orders > 0);
  const scoreBy = (of: (row: (typeof rows)[number]) => number) => {
    const ascending = buyers.map(of).toSorted((a, b) => a - b);
    const worse = new Map<number, number>();
    for (const [index, value] of ascending.entries()) if (!worse.has(value)) worse.set(value, index);
    return (row: (typeof rows)[number]) => 1 + Math.floor((5 * worse.get(of(row))!) / buyers.length);
  };
  const [recency, frequency, money] = [
    scoreBy((row) => row.last!),
    scoreBy((row) => row.orders),
    scoreBy((row) => row.revenue),
  ];
  let before = 0;
  return sorted(
    rows,
    (row) => -row.revenue,
    (row) => idOf(row.client),
  ).map((row, index) => {
    const reached = before;
    before += row.revenue;
    const { client, orders: count, revenue, variation, orderMonths, first, last } = row;
    return {
      client,
      orders: count,
      revenue,
      place: index + 1,
      share: Math.max(revenue, 0) / everything,
      abc: revenue <= 0 ? "C" : reached < everything * 0.8 ? "A" : reached < everything * 0.95 ? "B" : "C",
      variation,
      xyz: variation !== null && variation <= 0.5 ? "X" : variation !== null && variation <= 1 ? "Y" : "Z",
      how_often: orderMonths >= 0.75 * months ? "often" : orderMonths >= 0.33 * months ? "regularly" : "irregularly",
      first_order: first === null ? null : dateOf(first),
      last_order: last === null ? null : dateOf(last),
      rfm: count > 0 ? `${recency(row)}-${frequency(row)}-${money(row)}` : "0-0-0",
    };
  });
}

/** The same day so many months before, or the month's last. */
function monthsBefore(date: string, months: number): string {
  const first = addMonths(`${date.slice(0, 7)}-01`, -months);
  const last = dayOf(addMonths(first, 1)) - 1;
  return dateOf(Math.min(dayOf(first) + Number(date.slice(8)) - 1, last));
}

export interface Concentration {
  readonly clients: number;
  readonly largest_share: number;
  readonly herfindahl: number;
  readonly gini: number;
  /** Fewest clients that reach a tenth, a fifth, half. */
  readonly fewest: readonly number[];
}

export function concentrationOf(placed: readonly Placed[]): Concentration {
  const positive = placed.map(({ revenue }) => revenue).filter((revenue) => revenue > 0);
  const everything = sum(positive);
  // Half of the mean difference between any two, as a share of the mean.
  let differences = 0;
  for (const one of positive) for (const other of positive) differences += Math.abs(one - other);
  let before = 0;
  const reached = placed.map(({ revenue }) => {
    before += revenue;
    return before;
  });
  return {
    clients: placed.length,
    largest_share: placed[0]!.share,
    herfindahl: sum(placed.map(({ share }) => share ** 2)),
    gini: differences / (2 * positive.length * sum(positive)),
    fewest: [0.1, 0.2, 0.5].map((threshold) => reached.findIndex((sofar) => sofar >= threshold * everything) + 1),
  };
}
