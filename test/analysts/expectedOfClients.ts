import { addMonths, dateOf, dayOf, monthOf, round, sorted, sum, tally } from "./arithmetic.ts";
import type { Facts, Order } from "./facts.ts";

type Row = readonly (number | string | null)[];
export type Expected = Readonly<Record<string, (facts: Facts) => readonly Row[]>>;

const ofClients = (facts: Facts): (Order & { client: string })[] =>
  facts.orders.filter((order): order is Order & { client: string } => order.client !== undefined);
const nameOf = (facts: Facts, client: string): string => facts.names.get(client) ?? client;

/** Net revenue by client in pounds, of the days after `from` up to `to`. */
function revenue(facts: Facts, from = -1, to = Number.POSITIVE_INFINITY): Map<string, number> {
  const orders = ofClients(facts).filter(({ day }) => day > from && day <= to);
  return new Map(
    [
      ...tally(
        orders,
        (order) => order.client,
        (order) => order.amount,
      ),
    ].map(([client, milli]) => [client, milli / 1000]),
  );
}

/** Of the last 365 days, largest first, only what is above zero. */
const yearRanked = (facts: Facts): [string, number][] =>
  sorted(
    [...revenue(facts, facts.today - 365)].filter(([, amount]) => amount > 0),
    ([, amount]) => -amount,
    ([client]) => nameOf(facts, client),
  );

const placedByClient = (facts: Facts): Map<string, (Order & { client: string })[]> =>
  Map.groupBy(
    ofClients(facts).filter(({ placed }) => placed),
    ({ client }) => client,
  );

const distinctDays = (orders: readonly Order[]): number[] =>
  sorted(new Set(orders.map(({ day }) => day)), (day) => day);

/** Cuts a ranking at shares of what came before. */
function abcOf(ranked: readonly number[]): string[] {
  const total = sum(ranked);
  let before = 0;
  return ranked.map((amount) => {
    const label = before < total * 0.8 ? "A" : before < total * 0.95 ? "B" : "C";
    before += amount;
    return label;
  });
}

/** Total and class of variation of the last twelve whole months, by client, largest first. */
function steadiness(facts: Facts): { total: number; label: "X" | "Y" | "Z" }[] {
  const thisMonth = monthOf(facts.today);
  const first = addMonths(thisMonth, -12);
  const found: { total: number; label: "X" | "Y" | "Z" }[] = [];
  for (const orders of placedByClient(facts).values()) {
    const months = Array.from({ length: 12 }, () => 0);
    for (const { day, amount } of orders) {
      const month = monthOf(day);
      if (month < first || month >= thisMonth) continue;
      const index = Array.from({ length: 12 }, (_, number) => addMonths(first, number)).indexOf(month);
      months[index]! += amount / 1000;
    }
    const total = sum(months);
    if (total <= 0) continue;
    const mean = total / 12;
    const variation = Math.sqrt(sum(months.map((amount) => (amount - mean) ** 2)) / 12) / mean;
    found.push({ total, label: variation <= 0.5 ? "X" : variation <= 1 ? "Y" : "Z" });
  }
  return sorted(found, ({ total }) => -total);
}

function changes(facts: Facts): { client: string; before: number; now: number; ordersNow: number }[] {
  const now = revenue(facts, facts.today - 90);
  const before = revenue(facts, facts.today - 180, facts.today - 90);
  const placed = placedByClient(facts);
  return [...new Set([...now.keys(), ...before.keys()])].map((client) => ({
    client: nameOf(facts, client),
    before: before.get(client) ?? 0,
    now: now.get(client) ?? 0,
    ordersNow: (placed.get(client) ?? []).filter(({ day }) => day > facts.today - 90).length,
  }));
}

/** Answers about clients and revenue, counted in plain loops over what was sent. */
export const expectedOfClients: Expected = {
  "01_half_of_revenue": (facts) => {
    const ranked = yearRanked(facts).map(([, amount]) => amount);
    const half = sum(ranked) / 2;
    let few = 0;
    for (let soFar = 0; soFar < half; few++) soFar += ranked[few]!;
    return [[few, ranked.length, round(few / ranked.length, 4)]];
  },

  "02_concentration": (facts) => {
    const ranked = yearRanked(facts).map(([, amount]) => amount);
    const shares = ranked.map((amount) => amount / sum(ranked));
    const index = sum(shares.map((share) => share * share));
    const above = (limit: number) => shares.filter((share) => share > limit).length;
    return [[round(index, 6), round(1 / index, 1), round(shares[0]!, 4), above(0.1), above(0.2), above(0.5)]];
  },

  "03_largest_clients": (facts) => {
    const ranked = yearRanked(facts);
    const total = sum(ranked.map(([, amount]) => amount));
    let soFar = 0;
    return ranked.slice(0, 20).map(([client, amount]) => {
      soFar += amount;
      return [nameOf(facts, client), amount, round(amount / total, 4), round(soFar / total, 4)];
    });
  },

  "04_abc": (facts) => {
    const amounts = yearRanked(facts).map(([, amount]) => amount);
    const labels = abcOf(amounts);
    return ["A", "B", "C"].map((label) => {
      const mine = amounts.filter((_, index) => labels[index] === label);
      return [label, mine.length, sum(mine), round(sum(mine) / sum(amounts), 4)];
    });
  },

  "05_xyz": (facts) => {
    const all = steadiness(facts);
    return ["X", "Y", "Z"].map((wanted) => {
      const mine = all.filter(({ label }) => label === wanted);
      return [wanted, mine.length, round(sum(mine.map(({ total }) => total)), 2)];
    });
  },

  "06_abc_xyz": (facts) => {
    const all = steadiness(facts);
    const abc = abcOf(all.map(({ total }) => total));
    const count = (large: string, steady: string) =>
      all.filter(({ label }, index) => abc[index] === large && label === steady).length;
    return ["A", "B", "C"].map((large) => [large, count(large, "X"), count(large, "Y"), count(large, "Z")]);
  },

  "07_rfm": (facts) => {
    const net = revenue(facts);
    const scored = [...placedByClient(facts)].map(([client, orders]) => {
      const since = facts.today - Math.max(...orders.map(({ day }) => day));
      const money = net.get(client)!;
      return {
        scores: [
          since <= 30 ? 3 : since <= 90 ? 2 : 1,
          orders.length >= 10 ? 3 : orders.length >= 3 ? 2 : 1,
          money >= 5000 ? 3 : money >= 1000 ? 2 : 1,
        ],
        money,
      };
    });
    const cells = Map.groupBy(scored, ({ scores }) => scores.join(""));
    return sorted(cells, ([cell]) => -Number(cell)).map(([, list]) => [
      ...list[0]!.scores,
      list.length,
      sum(list.map(({ money }) => money)),
    ]);
  },

  "09_cohort_retention": (facts) => {
    const months = [...placedByClient(facts).values()].map((orders) => new Set(orders.map(({ day }) => monthOf(day))));
    const cohorts = Map.groupBy(months, (set) => sorted(set, (month) => month)[0]!);
    return sorted(cohorts, ([cohort]) => cohort).map(([cohort, clients]) => [
      cohort,
      clients.length,
      ...[1, 2, 3, 6].map((age) =>
        dayOf(addMonths(cohort, age + 1)) > facts.today
          ? null
          : round(clients.filter((set) => set.has(addMonths(cohort, age))).length / clients.length, 4),
      ),
    ]);
  },

  "10_second_order": (facts) => {
    const all = [...placedByClient(facts).values()].map(distinctDays);
    const gaps = sorted(
      all.filter((days) => days.length > 1).map(([first, second]) => second! - first!),
      (gap) => gap,
    );
    const within = (limit: number) => round(gaps.filter((gap) => gap <= limit).length / all.length, 4);
    return [[all.length, gaps.length, gaps[Math.floor(gaps.length / 2)]!, within(30), within(90)]];
  },

  "17_growing_clients": (facts) =>
    sorted(
      changes(facts).filter(({ before }) => before > 0),
      ({ before, now }) => -round(now - before, 2),
      ({ client }) => client,
    )
      .slice(0, 20)
      .map(({ client, before, now }) => [client, before, now, round(now - before, 2)]),

  "18_shrinking_clients": (facts) =>
    sorted(
      changes(facts),
      ({ before, now }) => round(now - before, 2),
      ({ client }) => client,
    )
      .slice(0, 20)
      .map(({ client, before, now, ordersNow }) => [client, before, now, round(now - before, 2), ordersNow]),

  "21_dormant_by_value": (facts) => {
    const net = revenue(facts);
    const dormant = [...placedByClient(facts)]
      .map(([client, orders]) => ({ client, orders: orders.length, last: Math.max(...orders.map(({ day }) => day)) }))
      .filter(({ last }) => last < facts.today - 90);
    return sorted(
      dormant,
      ({ client }) => -net.get(client)!,
      ({ client }) => nameOf(facts, client),
    )
      .slice(0, 20)
      .map(({ client, orders, last }) => [
        nameOf(facts, client),
        net.get(client)!,
        orders,
        dateOf(last),
        facts.today - last,
      ]);
  },

  "23_busy_hours": (facts) => {
    const placed = facts.orders.filter((order) => order.placed);
    const cells = Map.groupBy(placed, ({ weekday, hour }) => weekday * 100 + hour);
    return sorted(cells, ([cell]) => cell).map(([cell, list]) => [Math.floor(cell / 100), cell % 100, list.length]);
  },

  "24_revenue_by_month": (facts) => {
    const first = new Map(
      [...placedByClient(facts)].map(([client, orders]) => [client, monthOf(distinctDays(orders)[0]!)]),
    );
    const months = Map.groupBy(facts.orders, ({ day }) => monthOf(day));
    return sorted(months, ([month]) => month).map(([month, orders]) => {
      const placed = orders.filter((order) => order.placed);
      const clients = new Set(placed.flatMap(({ client }) => client ?? []));
      return [
        month,
        placed.length,
        sum(placed.map(({ amount }) => amount)) / 1000,
        sum(orders.map(({ amount }) => amount)) / 1000,
        clients.size,
        [...clients].filter((client) => first.get(client) === month).length,
      ];
    });
  },

  "26_size_of_orders": (facts) => {
    const amounts = facts.orders
      .filter(({ placed, day }) => placed && day > facts.today - 365)
      .map(({ amount }) => amount / 1000);
    const limits = [0, 50, 100, 250, 500, 1000, 5000];
    return limits.map((least, index) => {
      const below = limits[index + 1] ?? null;
      const mine = amounts.filter((amount) => amount >= least && (below === null || amount < below));
      return [least, below, mine.length, sum(mine)];
    });
  },

  "28_overdue_by_own_rhythm": (facts) => {
    const year = revenue(facts, facts.today - 365);
    const overdue = [...placedByClient(facts)].flatMap(([client, orders]) => {
      const days = distinctDays(orders);
      if (days.length < 5) return [];
      const gaps = sorted(
        days.slice(1).map((day, index) => day - days[index]!),
        (gap) => gap,
      );
      const usual = gaps[Math.ceil(gaps.length / 2) - 1]!;
      const since = facts.today - days.at(-1)!;
      return since > 3 * usual && usual > 0
        ? [{ client: nameOf(facts, client), usual, since, money: year.get(client) ?? 0 }]
        : [];
    });
    return sorted(
      overdue,
      ({ money }) => -money,
      ({ client }) => client,
    )
      .slice(0, 20)
      .map(({ client, usual, since, money }) => [client, usual, since, money]);
  },
};
