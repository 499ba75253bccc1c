import type { ClickHouse } from "@keypulse/engines";
import { nobody } from "@keypulse/identity";
import type { Calendar } from "@keypulse/methods";
import { keysOfClients } from "@keypulse/warehouse";
import type { CaseFile } from "../domain/caseFile.ts";
import { type CaseRows, caseFileOf } from "./caseFileOf.ts";

const clientsAPart = 5_000;
/** Of more clients, keys are looked up in every query instead of once. */
const mostLookedUp = 200;
/** What is asked about two years and a quarter, as of half a year ago. */
const daysBack = 1_010;
/** What is done to somebody by mail, and calls, count for a month and are asked about as of half a year ago. */
const daysOfEvents = 220;
/** Whoever was first heard from within a quarter is new; asked about as of half a year ago. */
const daysOfNews = 275;
const dayMs = 86_400_000;

/** Whose rows are read: SQL of conditions, and of what maps keys to clients. */
interface Scope {
  keys: string;
  map: string;
  moves: string;
  clients: string;
}

/** Refused for now is no refusal: what providers call it when they try again. */
const softBounces = "'softbounce', 'soft', 'transient', 'temporary', 'undetermined', 'blocked'";
const owner = `multiIf(v.client_id != '${nobody}', v.client_id, m.client_id != '${nobody}', m.client_id, a.client_key)`;
/** The scope of many clients: everything is looked up inside the queries. */
function scopeOf(clientIds: readonly string[]): Scope {
  const list = quoted(clientIds);
  const keys = keysOfClients(list);
  return {
    keys: `IN ${keys}`,
    map: `(SELECT key, contact_id, client_id FROM identity_map WHERE key IN ${keys})`,
    moves: `(SELECT key, since, client_id FROM identity_moves WHERE key IN ${keys})`,
    clients: `client_id IN (${list})`,
  };
}
const quoted = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(",");
/** Part of a client among so many: by its id, so that callers can tell which of theirs are in it. */
export const partOfClient = (clientId: string, parts: number): number =>
  Number.parseInt(clientId.slice(0, 4), 16) % parts;

/** Loads what the smaller detectors need of clients: four to six queries for thousands. Rows by key, the identity map after. */
export class CaseFiles {
  readonly #clickhouse: ClickHouse;
  readonly #calendar: Calendar;
  readonly #timezone: string;
  readonly #currency: string;
  constructor(clickhouse: ClickHouse, calendar: Calendar, workspace: { timezone: string; currency: string }) {
    this.#clickhouse = clickhouse;
    this.#calendar = calendar;
    this.#timezone = workspace.timezone;
    this.#currency = workspace.currency;
  }

  /** Case files of some clients, by their id; who has nothing of what is read is missing. */
  async load(clientIds: readonly string[], asOfMs: number): Promise<Map<string, CaseFile>> {
    const files = new Map<string, CaseFile>();
    for (let i = 0; i < clientIds.length; i += clientsAPart) {
      const list = clientIds.slice(i, i + clientsAPart);
      const read = await this.#read(list.length > mostLookedUp ? scopeOf(list) : await this.#lookedUp(list), asOfMs);
      for (const [clientId, file] of read) files.set(clientId, file);
    }
    return files;
  }

  /** One part of all clients (partOfClient). Whole tables are read for each part. */
  async loadPart(part: number, parts: number, asOfMs: number): Promise<Map<string, CaseFile>> {
    return await this.#read(
      {
        keys: `!= '${nobody}'`,
        map: "(SELECT key, contact_id, client_id FROM identity_map)",
        moves: "(SELECT key, since, client_id FROM identity_moves)",
        clients: `reinterpretAsUInt16(reverse(unhex(substring(toString(client_id), 1, 4)))) % ${parts} = ${part}`,
      },
      asOfMs,
    );
  }

  /** The scope of a few clients, written out: what is looked up once is not looked up in every query again. */
  async #lookedUp(clientIds: readonly string[]): Promise<Scope> {
    const keys = keysOfClients(quoted(clientIds));
    const [map, moves] = await Promise.all([
      this.#rows<{ row: string }>(
        `SELECT format('(\\'{}\\',\\'{}\\',\\'{}\\')', toString(key), toString(contact_id), toString(client_id)) AS row
         FROM identity_map WHERE key IN ${keys}`,
      ),
      this.#rows<{ row: string }>(
        `SELECT format('(\\'{}\\',\\'{}\\',\\'{}\\')', toString(key), toString(since), toString(client_id)) AS row
         FROM identity_moves WHERE key IN ${keys}`,
      ),
    ]);
    const table = (columns: string, rows: readonly { row: string }[], empty: string): string =>
      `(SELECT * FROM values('${columns}', ${rows.length === 0 ? empty : rows.map(({ row }) => row).join(",")}))`;
    const known = map.map(({ row }) => row.slice(1, row.indexOf(",")));
    return {
      keys: `IN (${[...known, quoted(clientIds)].join(",")})`,
      map: table("key UUID, contact_id UUID, client_id UUID", map, `('${nobody}','${nobody}','${nobody}')`),
      moves: table("key UUID, since Date, client_id UUID", moves, `('${nobody}','1970-01-01','${nobody}')`),
      clients: `client_id IN (${quoted(clientIds)})`,
    };
  }

  async #read(scope: Scope, asOfMs: number): Promise<Map<string, CaseFile>> {
    const [known] = await this.#rows<{ rates: number; costs: number }>(
      "SELECT (SELECT count() FROM exchange_rates) AS rates, (SELECT count() FROM product_costs) AS costs",
    );
    const [events, contacts, said, groups, margins] = await Promise.all([
      this.#events(scope, asOfMs, known!.rates > 0),
      this.#contacts(scope),
      this.#said(scope, asOfMs),
      this.#groups(scope, asOfMs),
      known!.costs > 0 ? this.#margins(scope, asOfMs) : [],
    ]);
    const rows = new Map<string, CaseRows>();
    const of = (clientId: string): CaseRows => {
      const known = rows.get(clientId) ?? { events: [], contacts: [], said: [], groups: [], margins: [] };
      rows.set(clientId, known);
      return known;
    };
    for (const row of events) of(row.client_id).events = row.list;
    for (const row of contacts) of(row.client_id).contacts = row.list;
    for (const row of said) of(row.client_id).said = row.list;
    for (const row of groups) of(row.client_id).groups = row.list;
    for (const row of margins) of(row.client_id).margins = row.list;
    const labels = await this.#labels(rows.values(), asOfMs - daysOfNews * dayMs);
    return new Map([...rows].map(([clientId, list]) => [clientId, caseFileOf(list, labels, this.#calendar, asOfMs)]));
  }

  /** Rows `a` (with client_key and day) with the client that they belong to now; and the person, where there is `contact_key`. */
  #owned(rows: string, { map, moves, clients }: Scope, withContact: boolean): string {
    const contact = withContact ? `if(p.contact_id = '${nobody}', a.contact_key, p.contact_id) AS contact_id, ` : "";
    return `SELECT * FROM (
      SELECT ${owner} AS client_id, ${contact}a.* FROM (${rows}) AS a
      LEFT JOIN ${map} AS m ON m.key = a.client_key
      ${withContact ? `LEFT JOIN ${map} AS p ON p.key = a.contact_key` : ""}
      ASOF LEFT JOIN ${moves} AS v ON v.key = a.client_key AND v.since <= a.day
    ) WHERE ${clients}`;
  }

  /** Orders, invoices, refused mail, calls, answers and complaints: one look at the events. */
  async #events(
    scope: Scope,
    asOfMs: number,
    hasRates: boolean,
  ): Promise<{ client_id: string; list: CaseRows["events"] }[]> {
    const since = (days: number) => `fromUnixTimestamp64Milli(toInt64(${Math.floor(asOfMs - days * dayMs)}), 'UTC')`;
    const rows = `
      SELECT client_key, contact_key, toDate(occurred_at, '${this.#timezone}') AS day, type,
        toUnixTimestamp64Milli(occurred_at) AS at, toString(currency) AS currency, amount,
        if(type = 'order.placed', arraySort(arrayDistinct(items.category)), []) AS groups,
        multiIf(
          type LIKE 'invoice.%', if(JSONHas(properties, 'invoice_id'), JSONExtractString(properties, 'invoice_id'), order_id),
          type LIKE 'call.%', toString(direction),
          type = 'web.custom', lower(JSONExtractString(properties, 'name')),
          type = 'web.form_submitted', lower(JSONExtractString(properties, 'form')),
          '') AS text,
        multiIf(
          type LIKE 'invoice.%', toFloat64(toUnixTimestamp64Milli(parseDateTime64BestEffortOrZero(JSONExtractString(properties, 'due_at'), 3, 'UTC'))),
          type = 'order.placed' AND position(properties, '"discount"') > 0, toFloat64OrZero(trim(BOTH '"' FROM JSONExtractRaw(properties, 'discount'))),
          type LIKE 'web.%' AND JSONHas(properties, 'nps'), JSONExtractFloat(properties, 'nps'),
          type LIKE 'web.%' AND JSONHas(properties, 'csat'), -JSONExtractFloat(properties, 'csat'),
          nan) AS number
      FROM events
      WHERE client_key ${scope.keys} AND (
        type IN ('order.placed', 'order.cancelled', 'order.refunded', 'invoice.issued', 'invoice.paid', 'invoice.overdue') AND occurred_at > ${since(daysBack)}
        OR type IN ('call.missed', 'call.voicemail', 'call.completed', 'email.unsubscribed', 'email.complained') AND occurred_at > ${since(daysOfEvents)}
        OR type = 'email.bounced' AND occurred_at > ${since(daysOfEvents)} AND lower(JSONExtractString(properties, 'bounce_type')) NOT IN (${softBounces})
        OR type = 'web.custom' AND lower(JSONExtractString(properties, 'name')) IN ('survey', 'complaint')
        OR type = 'web.form_submitted' AND lower(JSONExtractString(properties, 'form')) IN ('survey', 'complaint')
      ) AND occurred_at <= ${since(0)}`;
    const own = `multiIf(o.currency = '', 0., o.currency = '${this.#currency}', toFloat64(o.amount), `;
    const rates = `(SELECT toString(currency) AS currency, day, rate FROM rates_here WHERE day > toDate('${dateOf(asOfMs - daysBack * dayMs)}') - 60)`;
    const owned = this.#owned(rows, scope, true);
    return await this.#rows(`
      SELECT client_id, groupArray((type, at, toString(contact_id), amount_here, groups, text, number)) AS list FROM (
        ${
          hasRates
            ? `SELECT o.*, ${own} r.rate > 0 AND o.day - r.day <= (SELECT rate_days FROM profile_settings), round(toFloat64(o.amount) * toFloat64(r.rate), 4), nan) AS amount_here
               FROM (${owned}) AS o ASOF LEFT JOIN ${rates} AS r ON r.currency = o.currency AND r.day <= o.day`
            : `SELECT o.*, ${own} nan) AS amount_here FROM (${owned}) AS o`
        }
      ) GROUP BY client_id`);
  }

  /** Persons with how often, since when and how evenly they were active, and when mail last reached them. */
  async #contacts(scope: Scope): Promise<{ client_id: string; list: CaseRows["contacts"] }[]> {
    const rows = `
      SELECT client_key, contact_key, day, sum(active) > 0 AS acted,
        minIf(toUnixTimestamp64Milli(d.first_at), d.active > 0) AS first, maxIf(toUnixTimestamp64Milli(d.last_at), d.active > 0) AS last,
        maxIf(toUnixTimestamp64Milli(d.last_at), type IN ('email.delivered', 'email.opened', 'email.clicked', 'email.replied')) AS reached,
        contact_key IN (SELECT key FROM identifiers WHERE kind != 'anonymous_id' AND key ${scope.keys}) AS known
      FROM activity_daily AS d
      WHERE client_key ${scope.keys} AND contact_key != '${nobody}'
      GROUP BY client_key, contact_key, day`;
    return await this.#rows(`
      SELECT client_id, groupArray((toString(contact_id), length(days), first, last,
        arraySum(gap -> log(gap), arrayPopFront(arrayDifference(days))), reached, first_known)) AS list
      FROM (
        SELECT client_id, contact_id, arraySort(groupUniqArrayIf(toInt32(toUInt16(o.day)), o.acted)) AS days,
          minIf(o.first, o.acted) AS first, max(o.last) AS last, max(o.reached) AS reached,
          minIf(o.first, o.acted AND o.known) AS first_known
        FROM (${this.#owned(rows, scope, true)}) AS o
        GROUP BY client_id, contact_id
      ) GROUP BY client_id`);
  }

  /** Names, roles, answers and losses that were said of clients and their persons, by events or people. */
  async #said(scope: Scope, asOfMs: number): Promise<{ client_id: string; list: CaseRows["said"] }[]> {
    const rows = `
      SELECT subject_key AS client_key, if(subject = 'contact', subject_key, toUUID('${nobody}')) AS contact_key, toDate(told_at, '${this.#timezone}') AS day,
        trait, source, told_at, value
      FROM (
        SELECT subject_key, toString(subject) AS subject, toString(trait) AS trait, toString(source) AS source, occurred_at AS told_at, value
        FROM client_traits WHERE subject_key ${scope.keys} AND trait IN ('name', 'role', 'nps', 'csat', 'lost')
        UNION ALL
        SELECT subject_key, toString(subject), toString(field), 'written', since AS told_at, value
        FROM written_fields WHERE subject_key ${scope.keys} AND field IN ('name', 'role', 'nps', 'csat', 'lost')
      ) WHERE told_at <= fromUnixTimestamp64Milli(toInt64(${Math.floor(asOfMs)}), 'UTC')`;
    return await this.#rows(`
      SELECT client_id, groupArray((toString(contact), trait, word, place, at)) AS list FROM (
        SELECT client_id, if(o.contact_key = '${nobody}', o.contact_key, o.contact_id) AS contact, trait,
          argMax(o.value, o.told_at) AS word, if(indexOf((SELECT trait_sources FROM profile_settings), source) = 0, 1000, indexOf((SELECT trait_sources FROM profile_settings), source)) AS place,
          toUnixTimestamp64Milli(max(o.told_at)) AS at
        FROM (${this.#owned(rows, scope, true)}) AS o
        GROUP BY client_id, contact, trait, source, if(trait IN ('name', 'role'), toDateTime64(0, 3, 'UTC'), o.told_at)
      ) GROUP BY client_id`);
  }

  /** Product groups: first and last ordered, and their amounts of the last two years in whatever currency. */
  async #groups(scope: Scope, asOfMs: number): Promise<{ client_id: string; list: CaseRows["groups"] }[]> {
    const asOf = `fromUnixTimestamp64Milli(toInt64(${Math.floor(asOfMs)}), 'UTC')`;
    const rows = `
      SELECT client_key, toDate(occurred_at, '${this.#timezone}') AS day, toString(category) AS name, min(occurred_at) AS first, max(occurred_at) AS last,
        sumIf(toFloat64(amount), occurred_at > ${asOf} - INTERVAL 2 YEAR) AS amount
      FROM order_lines WHERE type = 'order.placed' AND category != '' AND client_key ${scope.keys} AND occurred_at <= ${asOf}
      GROUP BY client_key, day, name`;
    return await this.#rows(`
      SELECT client_id, groupArray((name, first, last, amount)) AS list FROM (
        SELECT client_id, name, toUnixTimestamp64Milli(min(o.first)) AS first, toUnixTimestamp64Milli(max(o.last)) AS last, sum(o.amount) AS amount
        FROM (${this.#owned(rows, scope, false)}) AS o GROUP BY client_id, name
      ) GROUP BY client_id`);
  }

  /** Margins by day, where somebody wrote what products cost. */
  async #margins(scope: Scope, asOfMs: number): Promise<{ client_id: string; list: CaseRows["margins"] }[]> {
    const rows = `
      SELECT client_key, day, sum(revenue) AS revenue, sum(margin) AS margin FROM line_margins
      WHERE client_key ${scope.keys} AND day > toDate('${dateOf(asOfMs - daysBack * dayMs)}') AND day <= toDate('${dateOf(asOfMs)}')
      GROUP BY client_key, day`;
    return await this.#rows(`
      SELECT client_id, groupArray((toUInt16(day), share)) AS list FROM (
        SELECT client_id, day, toFloat64(sum(o.margin)) / toFloat64(sum(o.revenue)) AS share
        FROM (${this.#owned(rows, scope, false)}) AS o
        GROUP BY client_id, day HAVING sum(o.revenue) > 0
      ) GROUP BY client_id`);
  }

  /** What persons without a name are called: their address, number or login. Asked only for those who may be named. */
  async #labels(rows: Iterable<CaseRows>, newSinceMs: number): Promise<Map<string, string>> {
    const unnamed = new Set<string>();
    for (const { events, contacts, said } of rows) {
      const named = new Set(said.flatMap(([contact, trait]) => (trait === "name" ? contact : [])));
      const recent = contacts.flatMap((row) => (row[6] > newSinceMs ? row[0] : []));
      for (const contact of [...events.map((row) => row[2]), ...recent]) {
        if (contact !== nobody && !named.has(contact)) unnamed.add(contact);
      }
    }
    const labels = new Map<string, string>();
    const list = [...unnamed];
    for (let i = 0; i < list.length; i += clientsAPart) {
      const ids = quoted(list.slice(i, i + clientsAPart));
      const found = await this.#rows<{ contact: string; label: string }>(
        `SELECT toString(m.contact_id) AS contact, argMin(i.value, indexOf(['email', 'phone', 'user_id', 'crm_id'], i.kind)) AS label
         FROM (SELECT key, contact_id FROM identity_map WHERE contact_id IN (${ids})) AS m
         INNER JOIN identifiers AS i ON i.key = m.key
         WHERE i.kind IN ('email', 'phone', 'user_id', 'crm_id')
         GROUP BY contact`,
      );
      for (const { contact, label } of found) labels.set(contact, label);
    }
    return labels;
  }

  async #rows<T>(query: string): Promise<T[]> {
    const result = await this.#clickhouse.query({
      query,
      format: "JSONEachRow",
      clickhouse_settings: {
        max_query_size: "10000000",
        output_format_json_quote_64bit_integers: 0,
        output_format_json_quote_denormals: 0,
      },
    });
    return await result.json<T>();
  }
}

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
