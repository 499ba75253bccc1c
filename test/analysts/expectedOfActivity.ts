import { dateOf, round, sorted, sum, tally } from "./arithmetic.ts";
import type { Expected } from "./expectedOfClients.ts";
import type { Fact, Facts, Line, Order } from "./facts.ts";

const nameOf = (facts: Facts, client: string): string => facts.names.get(client) ?? client;

/** What the vocabulary calls the client's own doing, said again by hand. */
const acts = new Set([
  "email.opened",
  "email.clicked",
  "email.replied",
  "web.page_viewed",
  "web.product_viewed",
  "call.completed",
]);
const isAct = ({ type, properties }: Fact): boolean => acts.has(type) && properties.machine !== true;

const placedOf = (facts: Facts): Map<string, (Order & { client: string })[]> =>
  Map.groupBy(
    facts.orders.filter((order): order is Order & { client: string } => order.placed && order.client !== undefined),
    ({ client }) => client,
  );
const lastOf = (orders: readonly Order[]): Order => sorted(orders, ({ atMs }) => atMs).at(-1)!;

function yearOf(facts: Facts): Map<string, number> {
  const recent = facts.orders.filter(({ day }) => day > facts.today - 365);
  return tally(
    recent,
    ({ client }) => client,
    ({ amount }) => amount / 1000,
  );
}

const kindOf = (type: string): string =>
  type.includes(".") ? type.split(".")[0]!.replace("invoice", "order") : "identity";

/** Sums of millionths as pounds. */
const pounds = (lines: readonly Line[]): number => sum(lines.map(({ amount }) => amount)) / 1000;

const dayMs = 86_400_000;

/** Answers about people, mailings, calls, products and sources, counted in plain loops over what was sent. */
export const expectedOfActivity: Expected = {
  "08_silent_decision_makers": (facts) => {
    const orders = placedOf(facts);
    const year = yearOf(facts);
    const people = Map.groupBy(
      facts.all.filter((fact) => fact.person !== undefined && isAct(fact)),
      ({ person, client }) => `${client} ${person}`,
    );
    const silent = [...people.values()].flatMap((list) => {
      const { client, person } = list[0]!;
      const last = Math.max(...list.map(({ day }) => day));
      const ordered = orders.get(client!);
      if (
        facts.roles.get(person!) !== "decides" ||
        list.length < 10 ||
        last >= facts.today - 90 ||
        ordered === undefined
      )
        return [];
      if (lastOf(ordered).day < facts.today - 30) return [];
      return [[nameOf(facts, client!), person!, dateOf(last), list.length, year.get(client!) ?? 0] as const];
    });
    return sorted(
      silent,
      (row) => -row[4],
      (row) => row[1],
    ).slice(0, 20);
  },

  "11_basket_pairs": (facts) => {
    const recent = facts.lines.filter(({ order }) => order.placed && order.day > facts.today - 90);
    const baskets = new Map<string, Set<string>>();
    for (const { order, sku } of recent) baskets.set(order.id, (baskets.get(order.id) ?? new Set()).add(sku));
    const counts = new Map<string, number>();
    for (const skus of baskets.values()) for (const sku of skus) counts.set(sku, (counts.get(sku) ?? 0) + 1);
    const frequent = new Set(
      sorted(
        counts,
        ([, orders]) => -orders,
        ([sku]) => sku,
      )
        .slice(0, 200)
        .map(([sku]) => sku),
    );
    const pairs = new Map<string, number>();
    for (const skus of baskets.values()) {
      const mine = sorted(
        [...skus].filter((sku) => frequent.has(sku)),
        (sku) => sku,
      );
      mine.forEach((first, index) => {
        for (const second of mine.slice(index + 1)) {
          pairs.set(`${first} ${second}`, (pairs.get(`${first} ${second}`) ?? 0) + 1);
        }
      });
    }
    return sorted(
      pairs,
      ([, orders]) => -orders,
      ([pair]) => pair,
    )
      .slice(0, 20)
      .map(([pair, orders]) => {
        const [first, second] = pair.split(" ") as [string, string];
        return [first, second, orders, round(orders / counts.get(first)!, 4)];
      });
  },

  "12_campaign_response": (facts) => {
    const mails = facts.all.filter(({ type, properties }) => type.startsWith("email.") && properties.campaign);
    const campaigns = Map.groupBy(mails, ({ properties }) => properties.campaign as string);
    return sorted(campaigns, ([campaign]) => campaign).map(([campaign, list]) => {
      const messages = (wanted: (fact: Fact) => boolean) =>
        new Set(list.filter(wanted).map(({ properties }) => properties.message_id)).size;
      const delivered = messages(({ type }) => type === "email.delivered");
      const opened = messages((fact) => fact.type === "email.opened" && isAct(fact));
      return [
        campaign,
        delivered,
        opened,
        messages(({ type }) => type === "email.clicked"),
        messages(({ type }) => type === "email.replied"),
        round(opened / delivered, 4),
      ];
    });
  },

  "13_campaign_orders": (facts) => {
    const orders = placedOf(facts);
    const news = facts.all.filter(({ properties }) => String(properties.campaign ?? "").startsWith("news-"));
    const campaigns = Map.groupBy(news, ({ properties }) => properties.campaign as string);
    return sorted(campaigns, ([campaign]) => campaign).map(([campaign, list]) => {
      const clients = [...Map.groupBy(list, ({ client }) => client)].map(([client, mails]) => {
        const sent = Math.min(...mails.filter(({ type }) => type === "email.delivered").map(({ atMs }) => atMs));
        return {
          opened: mails.some((mail) => mail.type === "email.opened" && isAct(mail)),
          ordered: (orders.get(client!) ?? []).some(({ atMs }) => atMs > sent && atMs <= sent + 7 * dayMs),
        };
      });
      const [opened, others] = [clients.filter((one) => one.opened), clients.filter((one) => !one.opened)];
      const share = (some: typeof clients) => round(some.filter(({ ordered }) => ordered).length / some.length, 4);
      return [campaign, opened.length, share(opened), others.length, share(others)];
    });
  },

  "14_punctuality": (facts) => {
    const bills = Map.groupBy(
      facts.all.filter(({ type }) => type.startsWith("invoice.")),
      ({ properties }) => properties.invoice_id,
    );
    const clients = Map.groupBy([...bills.values()], (bill) => nameOf(facts, bill[0]!.client!));
    const rows = [...clients].map(([client, mine]) => {
      const days = mine.map((bill) => {
        const issued = bill.find(({ type }) => type === "invoice.issued")!;
        const due = Math.floor(Date.parse(issued.properties.due_at as string) / dayMs);
        const paid = bill.find(({ type }) => type === "invoice.paid");
        return {
          late: Math.max(0, (paid?.day ?? facts.today) - due),
          owed: paid ? 0 : Number(issued.properties.amount),
        };
      });
      const average = round(sum(days.map(({ late }) => late)) / days.length, 1);
      return [
        client,
        days.length,
        days.filter(({ late }) => late > 0).length,
        average,
        sum(days.map(({ owed }) => owed)),
      ] as const;
    });
    return sorted(
      rows,
      (row) => -row[3],
      (row) => row[0],
    );
  },

  "15_lapsed_products": (facts) => {
    const orders = placedOf(facts);
    const purchases = Map.groupBy(
      facts.lines.filter(({ order }) => order.client !== undefined),
      ({ order, sku }) => `${order.client} ${sku}`,
    );
    const lapsed = [...purchases.values()].flatMap((lines) => {
      const { client } = lines[0]!.order;
      const bought = lines.filter(({ order }) => order.placed).map(({ order }) => order);
      const count = new Set(bought.map(({ id }) => id)).size;
      if (count < 5 || lastOf(orders.get(client!)!).day < facts.today - 60) return [];
      const times = sorted(bought, ({ atMs }) => atMs);
      const gap = Math.floor((times.at(-1)!.atMs - times[0]!.atMs) / 1000) / 86_400 / (count - 1);
      const since = facts.today - times.at(-1)!.day;
      if (gap < 1 || since <= 3 * gap) return [];
      return [[nameOf(facts, client!), lines[0]!.sku, count, round(gap, 1), since, pounds(lines)] as const];
    });
    return sorted(
      lapsed,
      (row) => -row[5],
      (row) => row[0],
      (row) => row[1],
    ).slice(0, 20);
  },

  "16_returns": (facts) => {
    const rows = [...Map.groupBy(facts.lines, ({ sku }) => sku)].flatMap(([sku, lines]) => {
      const sold = pounds(lines.filter(({ order }) => order.placed));
      const returned = -pounds(lines.filter(({ order }) => !order.placed));
      return sold < 1000 ? [] : [[sku, sold, returned, round(returned / sold, 4)] as const];
    });
    return sorted(
      rows,
      (row) => -row[3],
      (row) => row[0],
    ).slice(0, 20);
  },

  "19_calls_before_leaving": (facts) => {
    const calls = Map.groupBy(
      facts.all.filter(({ type }) => type.startsWith("call.")),
      ({ client }) => client,
    );
    const rows = [...placedOf(facts)].flatMap(([client, orders]) => {
      if (orders.length < 3) return [];
      const last = lastOf(orders);
      const near = (calls.get(client) ?? []).filter(({ atMs }) => atMs <= last.atMs && atMs > last.atMs - 30 * dayMs);
      const called = near.some(({ type }) => type === "call.completed");
      const seconds = sum(near.map(({ properties }) => Number(properties.duration_seconds ?? 0)));
      return [{ state: last.day < facts.today - 120 ? "left" : "stays", called, minutes: called ? seconds / 60 : 0 }];
    });
    return ["left", "stays"].map((wanted) => {
      const mine = rows.filter(({ state }) => state === wanted);
      const called = mine.filter((one) => one.called);
      const minutes = sum(called.map((one) => one.minutes)) / called.length;
      return [wanted, mine.length, called.length, round(called.length / mine.length, 4), round(minutes, 1)];
    });
  },

  "20_revenue_by_country": (facts) => {
    const year = [...yearOf(facts)].filter(([, amount]) => amount > 0);
    const total = sum(year.map(([, amount]) => amount));
    const countries = [...Map.groupBy(year, ([client]) => facts.countries.get(client)!)].map(([country, list]) => {
      const amount = sum(list.map(([, part]) => part));
      return [country, list.length, amount, round(amount / total, 4)] as const;
    });
    return sorted(
      countries,
      (row) => -row[2],
      (row) => row[0],
    );
  },

  "22_share_of_sources": (facts) => {
    const cells = Map.groupBy(facts.all, ({ source, type }) => `${source} ${kindOf(type)}`);
    return sorted(cells, ([cell]) => cell).map(([cell, list]) => [
      ...cell.split(" "),
      list.length,
      round(list.length / facts.all.length, 4),
      new Set(list.flatMap(({ client }) => client ?? [])).size,
    ]);
  },

  "25_best_products": (facts) => {
    const recent = facts.lines.filter(({ order }) => order.day > facts.today - 365);
    const total = pounds(recent);
    const placed = Map.groupBy(
      facts.lines.filter(({ order }) => order.placed),
      ({ sku }) => sku,
    );
    const rows = [...Map.groupBy(recent, ({ sku }) => sku)].map(([sku, lines]) => {
      const buyers = new Set((placed.get(sku) ?? []).flatMap(({ order }) => order.client ?? []));
      return [sku, pounds(lines), round(pounds(lines) / total, 4), buyers.size] as const;
    });
    return sorted(
      rows,
      (row) => -row[1],
      (row) => row[0],
    ).slice(0, 20);
  },

  "27_unknown_clients": (facts) => {
    const cells = Map.groupBy(facts.all, ({ source, type }) => `${source} ${type}`);
    return sorted(cells, ([cell]) => cell).map(([cell, list]) => {
      const unknown = list.filter(({ client }) => client === undefined).length;
      return [...cell.split(" "), list.length, unknown, round(unknown / list.length, 4)];
    });
  },
};
