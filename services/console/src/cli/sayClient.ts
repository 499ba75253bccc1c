import { sayDuration } from "../domain/durations.ts";
import type { Dossier, ListedClient, TimelineEntry } from "../inputs/clientAnswers.ts";
import { facts, styled, table } from "./table.ts";

const width = 100;
const mostRows = 8;

/** One client as a page of 100 columns. */
export function sayClient(client: Dossier, events: readonly TimelineEntry[]): string {
  const { orders, revenue, activity } = client;
  const money = (amount: number): string => `${number(amount)} ${client.currency}`;
  const sections: [string, string][] = [
    ["", facts(general(client))],
    ["Alerts", sayAlerts(client, money)],
    [
      "Orders and money",
      orders.number === 0
        ? "  No orders."
        : facts([
            [
              "orders",
              `${orders.number} on ${orders.days} ${orders.days === 1 ? "day" : "days"}, on average ${money(orders.average ?? 0)}`,
            ],
            ["last order", `${date(orders.last)}, ${ago(orders.last)}`],
            [
              "rhythm",
              orders.usual_gap_days === null
                ? "ordered on one day only"
                : `every ${plain(orders.usual_gap_days)} days (median)`,
            ],
            ["next expected", expected(orders.next_expected)],
            ["P(alive)", sayAlive(client)],
            ["next 365 days", sayExpected(client)],
            ["revenue", `${money(revenue.net)} net of returns, ${money(revenue.gross)} gross`],
            ["last 365 days", `${money(revenue.last_365d)}${change(revenue.last_365d, revenue.before_365d)}`],
            ["last 90, 30 days", `${money(revenue.last_90d)}, ${money(revenue.last_30d)}`],
            [
              "margin",
              revenue.margin === null
                ? "no costs are known"
                : `${money(revenue.margin)} of ${money(revenue.margin_revenue)} whose costs are known`,
            ],
            [
              "not in the sums",
              revenue.without_rate.length === 0
                ? ""
                : `amounts in ${revenue.without_rate.join(", ")}: no exchange rate (npm run rates)`,
            ],
          ]),
    ],
    ["Payments", sayPayments(client, money)],
    ["Activity", activity.last === null ? "  Nothing yet that the client did." : sayActivity(client)],
    ["People", sayPeople(client)],
    ["Products", sayProducts(client)],
    ["Newest events", sayEvents(events)],
  ];
  const title = `${styled("bold", clean(client.name) || "(no name)")}  ${styled("dim", client.id)}`;
  return [title, ...sections.map(([name, text]) => (name === "" ? text : `\n${styled("bold", name)}\n${text}`))].join(
    "\n",
  );
}

/** When a text fits several clients. */
export function sayFound(asked: string, found: readonly ListedClient[], most: number): string {
  const rows = found
    .slice(0, most)
    .map(({ id, name, account_id, last_activity }) => [
      cut(name, 40),
      cut(account_id, 20),
      last_activity === null ? "-" : ago(last_activity),
      id,
    ]);
  const more = found.length > most ? "\n… and more: say more of the name." : "";
  return `"${asked}" fits several clients. Did you mean:\n\n${table(["name", "account", "active", "id"], rows)}${more}\n\nAsk again with the id.`;
}

function general({ account_id, fields, freshness }: Dossier): [string, string][] {
  const said = fields
    .filter(({ name }) => name !== "name")
    .map(({ name, value, source, who, since }): [string, string] => {
      const by = source === "written" ? who : source;
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return [cut(name, 20), `${cut(text, width - 60)}  ${styled("dim", `(${cut(by, 20)}, ${date(since)})`)}`];
    });
  return [
    ["account", account_id],
    ["known since", date(freshness.first_seen)],
    ["newest event", freshness.last_received === null ? "none" : `arrived ${ago(freshness.last_received)}`],
    ...said,
    ...(said.length === 0 ? [["fields", "nobody said or wrote anything yet"] as [string, string]] : []),
  ];
}

function sayAlerts({ alerts }: Dossier, money: (amount: number) => string): string {
  if (alerts.length === 0) return "  None open.";
  return alerts
    .map(
      ({ reason, advice, money_at_stake, opened_at }) =>
        `  ${styled("red", "!")} ${cut(reason, 600)} ${styled("dim", `(${money(money_at_stake)} at stake, open since ${date(opened_at)})`)}${advice === "" ? "" : `\n    ${advice}`}`,
    )
    .join("\n");
}

function sayActivity({ activity: { by_kind, ...all } }: Dossier): string {
  const row = (name: string, of: Omit<typeof by_kind.email, "first" | "last">, last: string | null): string[] => [
    `  ${name}`,
    ...[of.active_7d, of.active_30d, of.active_90d, of.active_365d].map((count) => String(count).padStart(7)),
    last === null ? "never" : `${date(last)}, ${ago(last)}`,
  ];
  return table(
    ["  acts", ..."7 d,30 d,90 d,365 d".split(",").map((name) => name.padStart(7)), "last"],
    [...Object.entries(by_kind).map(([kind, of]) => row(kind, of, of.last)), row("all", all, all.last)],
  );
}

function sayPeople({ contacts }: Dossier): string {
  if (contacts.length === 0) return "  Nobody is known by name, e-mail or phone.";
  const rows = contacts
    .slice(0, mostRows)
    .map((person) => [
      `  ${cut(person.name || "-", 24)}`,
      person.role || "-",
      cut(person.emails[0] ?? person.phones[0] ?? "-", 32),
      person.last_heard_from === null ? "never" : ago(person.last_heard_from),
      [person.reachable ? "" : styled("red", "mail bounces"), person.unsubscribed ? "unsubscribed" : ""]
        .filter(Boolean)
        .join(", "),
    ]);
  const more = contacts.length > mostRows ? `\n  … and ${contacts.length - mostRows} more` : "";
  return table(["  name", "role", "reached at", "heard from", ""], rows) + more;
}

function sayProducts({ products }: Dossier): string {
  if (products.bought === 0) return "  No items of orders are known.";
  const rows = products.list
    .slice(0, mostRows)
    .map(({ sku, name, days_bought, last, revenue, lapsed }) => [
      `  ${cut(sku, 16)}`,
      cut(name, 36),
      String(days_bought).padStart(4),
      number(revenue).padStart(12),
      `${last}${lapsed ? styled("yellow", "  lapsed") : ""}`,
    ]);
  const count = `  ${products.bought} bought, ${products.lapsed} lapsed (not bought for twice as long as usual)`;
  return `${count}\n${table(["  sku", "name", "days", "revenue".padStart(12), "last"], rows)}`;
}

function sayPayments({ payments }: Dossier, money: (amount: number) => string): string {
  if (payments === null) return "  No invoices are known.";
  const { invoices, paid, paid_on_time_share: share, average_days_late: late, overdue, overdue_amount } = payments;
  const punctual =
    share === null ? "" : `, ${Math.round(share * 100)} % by their due date, on average ${plain(late ?? 0)} days late`;
  return facts([
    ["invoices", `${invoices}, ${paid} paid${punctual}`],
    [
      "overdue",
      overdue === 0
        ? "none"
        : styled(
            "red",
            `${overdue}, ${money(overdue_amount)}${payments.oldest_overdue === null ? "" : `, the oldest since ${payments.oldest_overdue}`}`,
          ),
    ],
  ]);
}

function sayEvents(events: readonly TimelineEntry[]): string {
  if (events.length === 0) return "  None.";
  return events
    .map(({ occurred_at, type, amount, currency, order_id, about, source }) => {
      const what =
        amount === 0 ? about : `${number(amount)} ${currency}${order_id === "" ? "" : `, order ${order_id}`}`;
      return `  ${(occurred_at ?? "").slice(0, 16).replace("T", " ")}  ${type.padEnd(20)}  ${cut(what, 40).padEnd(40)}  ${styled("dim", cut(source, 16))}`.trimEnd();
    })
    .join("\n");
}

const cautions = {
  "": "",
  one_purchase: " of clients who bought once: of this one's rhythm nothing is known",
  nobody_leaves: ", of little worth: hardly anyone was seen leaving",
} as const;

function sayAlive({ forecast }: Dossier): string {
  if (forecast === null) return "no forecast yet: they are made at night, from 30 clients who bought twice";
  const { p_alive, caution, usual_gaps, model, as_of } = forecast;
  const said = `${percent(p_alive)}${cautions[caution]}; last order ${plain(usual_gaps)} usual gaps ago`;
  return `${said} ${styled("dim", `(${model}, orders until ${as_of})`)}`;
}

function sayExpected({ forecast, currency }: Dossier): string {
  if (forecast === null) return "";
  const { expected_orders, orders_low, orders_high, expected_value, value_low, value_high } = forecast;
  const orders = `${plain(expected_orders)} orders expected (${orders_low}–${orders_high})`;
  if (value_low === null || value_high === null) return orders;
  const bounds = `${whole(value_low)}–${whole(value_high)}`;
  return expected_value === null
    ? `${orders}, ${bounds} ${currency}`
    : `${orders}, ${whole(expected_value)} ${currency} (${bounds}); in brackets 8 of 10 such clients`;
}

const whole = (value: number): string => value.toLocaleString("en-GB", { maximumFractionDigits: 0 });
const percent = (share: number): string =>
  share > 0 && share < 0.01 ? "under 1 %" : share > 0.99 && share < 1 ? "over 99 %" : `${Math.round(share * 100)} %`;
const number = (value: number): string =>
  value.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const plain = (value: number): string => value.toLocaleString("en-GB", { maximumFractionDigits: 1 });
const date = (time: string | null): string => time?.slice(0, 10) ?? "never";
const ago = (time: string | null): string =>
  time === null ? "never" : `${sayDuration(Math.max(0, Date.now() - Date.parse(time)))} ago`;

function change(now: number, before: number): string {
  if (before <= 0) return "";
  const share = Math.round(((now - before) / before) * 100);
  return `, ${share >= 0 ? "+" : ""}${share} % against the 365 days before`;
}

function expected(day: string | null): string {
  if (day === null) return "needs three days with orders";
  const late = Math.floor((Date.now() - Date.parse(day)) / 86_400_000);
  return late > 0 ? `${day}, ${styled("yellow", `${late} ${late === 1 ? "day" : "days"} ago`)}` : day;
}

/** Control characters of a sender must not reach the terminal. */
const clean = (text: string): string => text.replace(/\p{Control}+/gu, " ").trim();

function cut(text: string, most: number): string {
  const line = clean(text);
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
