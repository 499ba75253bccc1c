import type { ClickHouseReader } from "@keypulse/engines";
import { askByKeys, keyList } from "./askByKeys.ts";
import { type ClientOwners, ownEras } from "./clientOwners.ts";

/** Of which key a row is, and in which of its eras: see ClientOwners. */
export interface OfKey {
  client_key: string;
  era: number;
}

/** Milliseconds since 1970, null where it never was. */
type Time = number | null;

export interface LatestRow extends OfKey {
  last_active_at: Time;
}

export interface TotalsRow extends LatestRow {
  first_at: number;
  last_at: number;
  last_received_at: number;
  first_email: Time;
  last_email: Time;
  first_web: Time;
  last_web: Time;
  first_call: Time;
  last_call: Time;
}

export interface ActivityRow extends OfKey {
  contact_key: string;
  kind: string;
  type: string;
  active: number;
  active_7d: number;
  active_30d: number;
  active_90d: number;
  active_365d: number;
  last_at: number;
  last_active_at: number;
}

/** Orders and returns of a day, or in the workspace's currency of days that every sum treats alike. */
export interface RevenueRow extends OfKey {
  /** The day, or one of those days. */
  on_day: number;
  currency: string;
  orders: number;
  gross: string;
  returned: string;
  first_order: Time;
  last_order: Time;
}

export interface RevenueWithDaysRow extends RevenueRow {
  /** Days with orders, in no order. */
  order_days: number[];
}

export interface IdentifierRow {
  key: string;
  kind: string;
  value: string;
}

/** What a source or a person said last of a trait, under one key. */
export interface SaidRow {
  key: string;
  subject: "client" | "contact";
  trait: string;
  source: string;
  /** JSON; null takes back what the source said before. */
  value: string;
  who: string;
  since: number;
}

/** A product that one client bought. */
export interface ProductRow {
  sku: string;
  name: string;
  first_day: number;
  last_day: number;
  /** Days on which it was ordered. */
  days: number;
  /** In the workspace's currency, of the lines that need no rate and no cost of their day. */
  quantity: string;
  amount: string;
  /** The other lines: currency, day, quantity, amount. */
  lines: [currency: string, day: number, quantity: string, amount: string][];
}

/** A bill that was not voided; days are numbers, 0 where none is known. */
export interface InvoiceRow extends OfKey {
  state: string;
  currency: string;
  /** What is still to be paid of it. */
  owed: string;
  /** On which it was written, for the rate. */
  day: number;
  paid_day: number;
  due_day: number;
  /** 1 where the sender called it overdue. */
  said_overdue: number;
}

export interface OpenAlertRow {
  client_id: string;
  id: string;
  cause: string;
  detector: string;
  opened_at: number;
  headline: string;
  reason: string;
  advice: string;
  money_at_stake: number;
}

export interface ForecastRow {
  client_id: string;
  as_of_day: number;
  model: string;
  order_days: number;
  p_alive: number;
  caution: string;
  expected_orders: number;
  orders_low: number;
  orders_high: number;
  expected_value: number | null;
  value_low: number | null;
  value_high: number | null;
  order_value: number | null;
  usual_gaps: number;
}

interface TotalColumn {
  name: string;
  together: "min" | "max";
  /** Of which time of an event, and of which events; all without. */
  of: "occurred_at" | "received_at";
  when?: string;
}

const ofEvents = (what: string, when: string): TotalColumn[] => [
  { name: `first_${what}`, together: "min", of: "occurred_at", when },
  { name: `last_${what}`, together: "max", of: "occurred_at", when },
];

/** Of client_totals: each can be counted from events too. */
const totalColumns: readonly TotalColumn[] = [
  { name: "first_at", together: "min", of: "occurred_at" },
  { name: "last_at", together: "max", of: "occurred_at" },
  { name: "last_received_at", together: "max", of: "received_at" },
  { name: "last_active_at", together: "max", of: "occurred_at", when: "activity" },
  ...ofEvents("email", "activity AND kind = 'email'"),
  ...ofEvents("web", "activity AND kind = 'web'"),
  ...ofEvents("call", "activity AND kind = 'call'"),
];

const windows = [7, 30, 90, 365] as const;
const ms = (time: string): string => `toUnixTimestamp64Milli(${time})`;

/**
 * Rows of a few keys from the tables themselves. The views say the same of everybody, but ClickHouse takes longer to
 * plan one of them than to read a client: five plain questions side by side take 10 ms, one view 60.
 */
export class ClientRows {
  readonly #ask;
  readonly #owners: ClientOwners;
  readonly #timezone: string;
  readonly #keys: string;
  /** What rows are summed by: eras only where there are any, for ClickHouse plans each column of a question. */
  readonly #byKey: string;

  constructor(reader: ClickHouseReader, owners: ClientOwners, timezone: string) {
    this.#ask = askByKeys(reader);
    this.#owners = owners;
    this.#timezone = timezone;
    this.#keys = `(${keyList(owners.keys)})`;
    this.#byKey = owners.movedKeys.length === 0 ? "client_key" : "client_key, era";
  }

  async totals(): Promise<TotalsRow[]> {
    return await this.#totals<TotalsRow>(totalColumns);
  }

  /** What a list shows of the totals. */
  async latest(): Promise<LatestRow[]> {
    return await this.#totals<LatestRow>(totalColumns.filter(({ name }) => name === "last_active_at"));
  }

  async #totals<T extends OfKey>(columns: readonly TotalColumn[]): Promise<T[]> {
    const { movedKeys } = this.#owners;
    const select = (of: (column: TotalColumn) => string): string =>
      columns.map((column) => `${ms(of(column))} AS ${column.name}`).join(", ");
    const [settled, moved] = await Promise.all([
      // A key has a row in each part of the table: who takes the first or last of its times sums them up.
      this.#ask<T>(
        `SELECT client_key, 0 AS era, ${select(({ name }) => `t.${name}`)} FROM client_totals AS t WHERE client_key IN ${this.#keys}`,
      ),
      // The totals by key know no days: those of people who moved are of their events.
      movedKeys.length === 0
        ? []
        : this.#ask<T>(
            `SELECT client_key, ${this.#eraOfEvent()} AS era, ${select(({ together, of, when }) => (when === undefined ? `${together}(${of})` : `${together}If(toNullable(${of}), ${when})`))}
             FROM events WHERE client_key IN (${keyList(movedKeys)}) GROUP BY client_key, era`,
          ),
    ]);
    const hasMoved = new Set(movedKeys);
    return [...settled.filter(({ client_key }) => !hasMoved.has(client_key)), ...moved];
  }

  /** @param today day number */
  async activity(today: number): Promise<ActivityRow[]> {
    const recent = windows.map((days) => `sumIf(a.active, toUInt16(a.day) > ${today - days}) AS active_${days}d`);
    return await this.#ask<ActivityRow>(
      `SELECT client_key, ${this.#owners.eraOf("day")} AS era, contact_key, kind, type, sum(a.active) AS active,
         ${recent.join(", ")}, ${ms("max(a.last_at)")} AS last_at,
         ${ms("maxIf(a.last_at, a.active > 0)")} AS last_active_at
       FROM activity_daily AS a WHERE client_key IN ${this.#keys} GROUP BY ${this.#byKey}, contact_key, kind, type`,
    );
  }

  /** Acts of the last 30 days. */
  async recentActivity(today: number): Promise<(OfKey & { active_30d: number })[]> {
    return await this.#ask(
      `SELECT client_key, ${this.#owners.eraOf("day")} AS era, sum(a.active) AS active_30d
       FROM activity_daily AS a WHERE client_key IN ${this.#keys} AND toUInt16(a.day) > ${today - 30} GROUP BY ${this.#byKey}`,
    );
  }

  /** Days first: a row may take back what another says. A list of large clients has tens of thousands of days, so that only foreign ones are read one by one. */
  async revenue(currency: string, today: number): Promise<RevenueRow[]> {
    return await this.#revenue<RevenueRow>(currency, today);
  }

  async revenueWithDays(currency: string, today: number): Promise<RevenueWithDaysRow[]> {
    return await this.#revenue<RevenueWithDaysRow>(
      currency,
      today,
      ", groupUniqArrayIf(toUInt16(d.day), d.orders > 0) AS order_days",
    );
  }

  async #revenue<T extends RevenueRow>(currency: string, today: number, days = ""): Promise<T[]> {
    const edges = [30, 90, 365, 730].map(
      (days, index, all) => `toUInt16(d.day) > ${today - days}, ${today - (all[index - 1] ?? 0)}`,
    );
    const day = `if(d.currency = '${currency}', multiIf(${edges.join(", ")}, 0), toUInt32(d.day))`;
    return await this.#ask<T>(
      `SELECT client_key, ${this.#owners.eraOf("d.day")} AS era, ${day} AS on_day, toString(d.currency) AS currency,
         sum(d.orders) AS orders, sum(d.gross) AS gross, sum(d.returned) AS returned,
         ${ms("minIf(d.first, d.orders > 0)")} AS first_order, ${ms("maxIf(d.last, d.orders > 0)")} AS last_order${days}
       FROM (
         SELECT client_key, day, t.currency AS currency, sum(t.orders) AS orders, sum(t.gross) AS gross, sum(t.returned) AS returned,
           min(t.first_order) AS first, max(t.last_order) AS last
         FROM revenue_daily AS t WHERE client_key IN ${this.#keys} GROUP BY client_key, day, t.currency
       ) AS d GROUP BY ${this.#byKey}, on_day, d.currency`,
    );
  }

  async identifiers(): Promise<IdentifierRow[]> {
    const rows = await this.#ask<IdentifierRow>(`SELECT key, kind, value FROM identifiers WHERE key IN ${this.#keys}`);
    return rows.sort((one, other) => (one.value < other.value ? -1 : one.value > other.value ? 1 : 0));
  }

  async said(): Promise<SaidRow[]> {
    return await this.#ask<SaidRow>(
      `SELECT subject_key AS key, toString(t.subject) AS subject, toString(t.trait) AS trait, toString(t.source) AS source,
         argMax(t.value, t.occurred_at) AS value, '' AS who, ${ms("max(t.occurred_at)")} AS since
       FROM client_traits AS t WHERE subject_key IN ${this.#keys} AND t.occurred_at <= now64(3)
       GROUP BY subject_key, t.subject, t.trait, t.source
       UNION ALL
       SELECT subject_key, toString(f.subject), toString(f.field), 'written', argMax(f.value, f.since), argMax(f.who, f.since),
         ${ms("max(f.since)")}
       FROM written_fields AS f WHERE subject_key IN ${this.#keys} AND f.since <= now64(3)
       GROUP BY subject_key, f.subject, f.field`,
    );
  }

  /**
   * What was only ever given back is left out.
   * @param id of the one client whose they are
   * @param byDay whether products have costs, which are by day
   */
  async products(id: string, currency: string, byDay: boolean): Promise<ProductRow[]> {
    const day = `toUInt32(toDate(occurred_at, '${this.#timezone}'))`;
    const placed = "type = 'order.placed'";
    const alike = byDay ? "false" : `l.currency = '${currency}'`;
    return await this.#ask<ProductRow>(
      `SELECT sku, argMax(l.name, occurred_at) AS name, minIf(${day}, ${placed}) AS first_day, maxIf(${day}, ${placed}) AS last_day,
         uniqExactIf(${day}, ${placed}) AS days, sumIf(l.quantity, ${alike}) AS quantity, sumIf(l.amount, ${alike}) AS amount,
         groupArrayIf((toString(l.currency), ${day}, l.quantity, l.amount), NOT (${alike})) AS lines
       FROM order_lines AS l WHERE ${this.#eventsOf(id)} GROUP BY sku HAVING days > 0`,
    );
  }

  async invoices(): Promise<InvoiceRow[]> {
    const dayOf = (time: string): string => `coalesce(toUInt32(toDate(${time}, '${this.#timezone}')), 0)`;
    return await this.#ask<InvoiceRow>(
      `SELECT client_key, ${this.#owners.eraOf("bill_day")} AS era, state, currency, owed, toUInt32(bill_day) AS day, paid_day, due_day, said_overdue
       FROM (
         SELECT client_key, toDate(coalesce(bill.issued_at, placed_at), '${this.#timezone}') AS bill_day, toString(bill.state) AS state,
           toString(bill.currency) AS currency, greatest(bill.amount - bill.credited - bill.paid, 0) AS owed,
           ${dayOf("bill.paid_at")} AS paid_day, ${dayOf("bill.due_at")} AS due_day, isNotNull(bill.overdue_at) AS said_overdue
         FROM client_orders FINAL ARRAY JOIN bills AS bill
         WHERE client_key IN ${this.#keys} AND NOT gone AND part_of = '' AND bill.kind = 'invoice' AND bill.state != 'voided'
       )`,
    );
  }

  /** When mail to a contact was last refused for good. */
  async refusals(): Promise<{ contact_key: string; last_at: number }[]> {
    return await this.#ask(
      `SELECT contact_key, ${ms("max(occurred_at)")} AS last_at FROM events
       WHERE client_key IN ${this.#keys} AND type = 'email.bounced'
         AND lower(JSONExtractString(properties, 'bounce_type')) NOT IN ('softbounce', 'soft', 'transient', 'temporary', 'undetermined', 'blocked')
       GROUP BY contact_key`,
    );
  }

  async openAlerts(): Promise<OpenAlertRow[]> {
    const versions = await this.#ask<OpenAlertRow & { state: string }>(
      `SELECT client_id, id, cause, detector, ${ms("a.opened_at")} AS opened_at, headline, reason, advice,
         toFloat64(a.money_at_stake) AS money_at_stake, state
       FROM alerts AS a WHERE client_id IN ${this.#keys} ORDER BY id, version DESC LIMIT 1 BY id`,
    );
    return versions
      .filter(({ state }) => state === "open")
      .map(({ state: _state, ...alert }) => alert)
      .sort((one, other) => other.opened_at - one.opened_at);
  }

  /** Of the newest day whose forecasts are whole, or of one that is being worked on. @param since that day's number */
  async forecasts(since: number): Promise<ForecastRow[]> {
    const amounts = ["expected_value", "value_low", "value_high", "order_value"];
    return await this.#ask<ForecastRow>(
      `SELECT f.client_id, toUInt32(f.as_of) AS as_of_day, f.model, f.order_days, f.p_alive, f.caution, f.expected_orders,
         f.orders_low, f.orders_high, ${amounts.map((name) => `toFloat64(f.${name}) AS ${name}`).join(", ")}, f.usual_gaps
       FROM client_forecasts_log AS f WHERE client_id IN ${this.#keys}
         AND toUInt16(f.as_of) >= ${since}
       ORDER BY as_of DESC, order_days DESC, forecast_at DESC`,
    );
  }

  /** SQL of the rows of one client, among those of all keys that once were its. */
  #eventsOf(id: string): string {
    const { keys, movedKeys, clientOf } = this.#owners;
    return movedKeys.length === 0
      ? `client_key IN (${keyList(keys.filter((key) => clientOf(key) === id))})`
      : `client_key IN ${this.#keys} AND (client_key, ${this.#eraOfEvent()}) IN (${ownEras(id, this.#owners)})`;
  }

  #eraOfEvent(): string {
    return this.#owners.eraOf(`toDate(occurred_at, '${this.#timezone}')`);
  }
}
