import { vocabulary } from "@keypulse/contracts";
import { identifierKey, nobody } from "@keypulse/identity";
import type { SentEvent, StreamEvent } from "@keypulse/testkit";
import type { OrderTruth } from "./shops.ts";

/** What a table must hold: a name for each of its rows, and the row's figures as one text. */
export interface ExpectedTable {
  table: string;
  /** Answers the same from the warehouse: columns `name` and `figures`. */
  query: string;
  rows: Map<string, string>;
}

/** Decimals are compared as whole numbers of 0.0001. */
const decimals = 10_000;
const perCent = BigInt(decimals / 100);

/**
 * The sums that the warehouse must come to, worked out from the sent events alone, by other code than Keypulse's.
 * Repeated events are handed in too and count once.
 *
 * @param truths what became of the orders of simulated shops; every other order is as it was placed
 */
export function expectedTables(sent: Iterable<StreamEvent>, truths: readonly OrderTruth[]): ExpectedTable[] {
  const events = new Sums();
  const activity = new Sums();
  const revenue = new Sums();
  const lines = new Sums();
  const orders = [...truths];
  const hours = new Sums();
  const identities = new Map<string, string>();
  const identifiers = new Map<string, string>();
  const clients = new Map<string, ClientFigures>();

  for (const { event, kind } of unique(sent)) {
    const at = Date.parse(event.occurred_at);
    const day = event.occurred_at.slice(0, 10);
    const amount = scaled(event.properties.amount ?? "0");
    const seconds = BigInt(Number(event.properties.duration_seconds ?? 0));
    const { client, contact } = identityOf(event);

    events.add([client, event.type], { n: 1n, amount });
    activity.add(
      [client, contact, day, kind, event.type, event.source],
      { n: 1n, active: vocabulary[event.type].activity ? 1n : 0n, seconds },
      at,
    );
    hours.add([event.source, kind, `${event.occurred_at.slice(0, 13)}:00:00`.replace("T", " ")], { n: 1n }, at);
    if (event.type === "order.placed" && event.source === "stream-order") orders.push(asPlaced(event));
    for (const [identifier, value] of Object.entries(event.identifiers)) {
      const key = identifierKey(identifier as "email", value);
      identifiers.set(key, `${identifier}|${value}`);
      identities.set(key, `${identifier === "account_id" ? nobody : contact}|${client}`);
    }
    const account = event.identifiers.account_id;
    if (account === undefined) continue;
    const figures = clients.get(account) ?? new ClientFigures(client);
    clients.set(account, figures);
    figures.add(kind, contact, at);
  }
  for (const { orderId, account, currency, movements, lines: moved } of orders) {
    const client = identifierKey("account_id", account);
    for (const { at, orders: n, gross, returned } of movements) {
      const [plus, minus] = [BigInt(gross) * perCent, BigInt(returned) * perCent];
      const day = new Date(at).toISOString().slice(0, 10);
      revenue.add([client, day, currency], { n: BigInt(n), gross: plus, returned: minus });
      clients.get(account)!.sell(n, plus, minus);
    }
    for (const { type, sku, pieces, cents } of moved) {
      lines.add([client, orderId, type, sku], {
        pieces: BigInt(pieces) * BigInt(decimals),
        amount: BigInt(cents) * perCent,
      });
    }
  }

  return [
    {
      table: "events",
      query: `SELECT concat(toString(client_key), '|', type) AS name, count() AS n, ${whole("sum(amount)")} AS amount,
        concat_ws('|', n, amount) AS figures FROM events GROUP BY client_key, type`,
      rows: events.rows(),
    },
    {
      table: "activity_daily",
      query: `SELECT concat_ws('|', client_key, contact_key, day, kind, type, source) AS name,
          concat_ws('|', sum(events), sum(active), sum(duration_seconds), ${millis("min(first_at)")}, ${millis("max(last_at)")}) AS figures
        FROM activity_daily GROUP BY client_key, contact_key, day, kind, type, source`,
      rows: activity.rows(),
    },
    {
      table: "revenue_daily",
      query: `SELECT concat_ws('|', client_key, day, currency) AS name,
          concat_ws('|', sum(r.orders), ${whole("sum(r.gross)")}, ${whole("sum(r.returned)")}) AS figures
        FROM revenue_daily AS r GROUP BY client_key, day, currency HAVING sum(r.orders) != 0 OR sum(r.gross) != 0 OR sum(r.returned) != 0`,
      rows: revenue.rows(),
    },
    {
      table: "order_lines",
      query: `SELECT concat_ws('|', client_key, order_id, type, sku) AS name,
          concat_ws('|', ${whole("sum(l.quantity)")}, ${whole("sum(l.amount)")}) AS figures
        FROM order_lines AS l GROUP BY client_key, order_id, type, sku`,
      rows: lines.rows(),
    },
    {
      table: "source_hourly",
      query: `SELECT concat_ws('|', source, kind, hour) AS name,
          concat_ws('|', sum(events), ${millis("min(last_at)")}, ${millis("max(last_at)")}) AS figures
        FROM (SELECT source, kind, hour, sum(events) AS events, max(last_at) AS last_at FROM source_hourly GROUP BY source, kind, hour)
        GROUP BY source, kind, hour`,
      rows: hours.rows("last only"),
    },
    {
      table: "identifiers",
      query: "SELECT toString(key) AS name, concat_ws('|', kind, value) AS figures FROM identifiers FINAL",
      rows: identifiers,
    },
    {
      table: "identity_map",
      query: "SELECT toString(key) AS name, concat_ws('|', contact_id, client_id) AS figures FROM identity_map",
      rows: identities,
    },
    {
      table: "clients",
      query: `SELECT account_id AS name,
          concat_ws('|', client_id, events, contacts, emails, web_visits, calls, orders, ${whole("revenue_gross")}, ${whole("revenue_net")},
            ${millis("first_seen")}, ${millis("last_seen")}) AS figures
        FROM clients`,
      rows: new Map([...clients].map(([account, figures]) => [account, figures.toString()])),
    },
    {
      table: "client_traits",
      query: "SELECT trait AS name, value AS figures FROM client_traits",
      rows: new Map(),
    },
  ];
}

/** An order of which nothing else is told. */
function asPlaced(event: SentEvent): OrderTruth {
  const cents = (value: unknown): number => Math.round(Number(value) * 100);
  const { order_id: orderId, amount, currency } = event.properties as Record<string, string>;
  return {
    orderId: orderId!,
    account: event.identifiers.account_id!,
    currency: currency!,
    movements: [{ at: Date.parse(event.occurred_at), orders: 1, gross: cents(amount), returned: 0 }],
    lines: itemsOf(event).map(({ sku, quantity, unit_price }) => ({
      ...{ type: "order.placed", sku, pieces: Number(quantity) },
      cents: Number(quantity) * cents(unit_price),
    })),
  };
}

function* unique(sent: Iterable<StreamEvent>): Generator<StreamEvent> {
  const seen = new Set<string>();
  for (const made of sent) {
    const name = `${made.event.source}|${made.event.id}`;
    if (seen.has(name)) continue;
    seen.add(name);
    yield made;
  }
}

/** Events name an account and a mail address, so that is the client and that the contact; or nobody. */
function identityOf({ identifiers }: SentEvent): { client: string; contact: string } {
  if (identifiers.account_id === undefined) return { client: nobody, contact: nobody };
  return {
    client: identifierKey("account_id", identifiers.account_id!),
    contact: identifierKey("email", identifiers.email!),
  };
}

interface SentItem {
  sku: string;
  quantity: string;
  unit_price: string;
}

function itemsOf(event: SentEvent): SentItem[] {
  return (event.properties.items ?? []) as SentItem[];
}

const scaled = (value: unknown): bigint => BigInt(Math.round(Number(value) * decimals));
const whole = (decimal: string) => `toInt64(${decimal} * ${decimals})`;
const millis = (time: string) => `toUnixTimestamp64Milli(${time})`;

/** Sums by name, with the first and the last time where times are given. */
class Sums {
  readonly #sums = new Map<string, { figures: Record<string, bigint>; first: number; last: number }>();

  add(name: readonly string[], figures: Record<string, bigint>, at?: number): void {
    const key = name.join("|");
    const known = this.#sums.get(key);
    if (known === undefined) {
      this.#sums.set(key, { figures: { ...figures }, first: at ?? Number.NaN, last: at ?? Number.NaN });
      return;
    }
    for (const figure in figures) known.figures[figure]! += figures[figure]!;
    if (at !== undefined) {
      known.first = Math.min(known.first, at);
      known.last = Math.max(known.last, at);
    }
  }

  rows(times?: "last only"): Map<string, string> {
    return new Map(
      [...this.#sums].map(([name, { figures, first, last }]) => {
        const shown = Number.isNaN(last) ? [] : times === "last only" ? [last, last] : [first, last];
        return [name, [...Object.values(figures), ...shown].join("|")];
      }),
    );
  }
}

class ClientFigures {
  readonly #client: string;
  readonly #contacts = new Set<string>();
  readonly #kinds: Record<string, number> = { email: 0, web: 0, call: 0, order: 0 };
  #orders = 0;
  #gross = 0n;
  #net = 0n;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(client: string) {
    this.#client = client;
  }

  sell(orders: number, gross: bigint, returned: bigint): void {
    this.#orders += orders;
    this.#gross += gross;
    this.#net += gross - returned;
  }

  add(kind: string, contact: string, at: number): void {
    this.#contacts.add(contact);
    this.#kinds[kind]! += 1;
    this.#first = Math.min(this.#first, at);
    this.#last = Math.max(this.#last, at);
  }

  toString(): string {
    const { email, web, call, order } = this.#kinds as Record<"email" | "web" | "call" | "order", number>;
    const all = email + web + call + order;
    const figures = [this.#client, all, this.#contacts.size, email, web, call, this.#orders, this.#gross, this.#net];
    return [...figures, this.#first, this.#last].join("|");
  }
}
