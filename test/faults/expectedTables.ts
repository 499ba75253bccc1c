import { vocabulary } from "@keypulse/contracts";
import { identifierKey, nobody } from "@keypulse/identity";
import type { SentEvent, StreamEvent } from "@keypulse/testkit";

/** What a table must hold: a name for each of its rows, and the row's figures as one text. */
export interface ExpectedTable {
  table: string;
  /** Answers the same from the warehouse: columns `name` and `figures`. */
  query: string;
  rows: Map<string, string>;
}

/** Decimals are compared as whole numbers of 0.0001. */
const decimals = 10_000;

/**
 * The sums that the warehouse must come to, worked out from the sent events alone, by other code than Keypulse's.
 * Repeated events are handed in too and count once.
 */
export function expectedTables(sent: Iterable<StreamEvent>): ExpectedTable[] {
  const events = new Sums();
  const activity = new Sums();
  const revenue = new Sums();
  const lines = new Map<string, string>();
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
    if (event.type === "order.placed") {
      revenue.add([client, day, String(event.properties.currency)], { n: 1n, gross: amount, returned: 0n });
      for (const [index, item] of itemsOf(event).entries()) {
        const price = scaled(item.unit_price);
        const quantity = scaled(item.quantity);
        const figures = [1, client, item.sku, quantity, price, (quantity * price) / BigInt(decimals)];
        lines.set(`${event.id}|${index + 1}`, figures.join("|"));
      }
    }
    for (const [identifier, value] of Object.entries(event.identifiers)) {
      const key = identifierKey(identifier as "email", value);
      identifiers.set(key, `${identifier}|${value}`);
      identities.set(key, `${identifier === "account_id" ? nobody : contact}|${client}`);
    }
    const account = event.identifiers.account_id!;
    const figures = clients.get(account) ?? new ClientFigures(client);
    clients.set(account, figures);
    figures.add(kind, contact, amount, at);
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
          concat_ws('|', sum(orders), ${whole("sum(gross)")}, ${whole("sum(returned)")}) AS figures
        FROM revenue_daily GROUP BY client_key, day, currency`,
      rows: revenue.rows(),
    },
    {
      table: "order_lines",
      query: `SELECT concat_ws('|', event_id, line) AS name,
          concat_ws('|', count(), any(client_key), any(sku), ${whole("sum(quantity)")}, ${whole("any(unit_price)")}, ${whole("sum(amount)")}) AS figures
        FROM order_lines GROUP BY event_id, line`,
      rows: lines,
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

function* unique(sent: Iterable<StreamEvent>): Generator<StreamEvent> {
  const seen = new Set<string>();
  for (const made of sent) {
    const name = `${made.event.source}|${made.event.id}`;
    if (seen.has(name)) continue;
    seen.add(name);
    yield made;
  }
}

/** The generator's events all name an account and a mail address; so that is the client and that the contact. */
function identityOf({ identifiers }: SentEvent): { client: string; contact: string } {
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
  #revenue = 0n;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(client: string) {
    this.#client = client;
  }

  add(kind: string, contact: string, amount: bigint, at: number): void {
    this.#contacts.add(contact);
    this.#kinds[kind]! += 1;
    this.#revenue += amount;
    this.#first = Math.min(this.#first, at);
    this.#last = Math.max(this.#last, at);
  }

  toString(): string {
    const { email, web, call, order } = this.#kinds as Record<"email" | "web" | "call" | "order", number>;
    const all = email + web + call + order;
    const figures = [this.#client, all, this.#contacts.size, email, web, call, order, this.#revenue, this.#revenue];
    return [...figures, this.#first, this.#last].join("|");
  }
}
