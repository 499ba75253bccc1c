import type { ClickHouse } from "@keypulse/engines";
import { nobody } from "@keypulse/identity";
import type { Calendar } from "@keypulse/methods";
import { type CaseFile, emptyCaseFile } from "../domain/caseFile.ts";
import type { ClientHistory } from "../domain/clientHistory.ts";
import { type CaseRows, caseFileOf } from "./caseFileOf.ts";
import { contactsQuery, eventsQuery, groupsQuery, marginsQuery, saidQuery } from "./caseQueries.ts";
import { type CaseScope, type ClientRange, placeOf, scopeOfFew, scopeOfMany, scopeOfRange } from "./caseScope.ts";

const clientsAQuery = 5_000;
/** Of everybody so many are in memory at once; each part reads the tables once. */
const usualClientsAPart = 25_000;
/** Of more clients, keys are looked up in every query instead of once. */
const mostLookedUp = 200;
/** Whoever was first heard from within a quarter is new; asked about as of half a year ago. */
const daysOfNews = 275;
const dayMs = 86_400_000;

/** Whose events are told with the person's name. */
const isNamedIn = (type: string): boolean => !type.startsWith("order.") && !type.startsWith("invoice.");

export interface WithFile {
  readonly history: ClientHistory;
  readonly file: CaseFile;
}

const quoted = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(",");

/** Loads what the smaller detectors need of clients: four to six queries for thousands. Rows by key, the identity map after. */
export class CaseFiles {
  readonly #clickhouse: ClickHouse;
  readonly #calendar: Calendar;
  readonly #workspace: { timezone: string; currency: string };
  readonly #clientsAPart: number;
  constructor(
    clickhouse: ClickHouse,
    calendar: Calendar,
    workspace: { timezone: string; currency: string },
    clientsAPart = usualClientsAPart,
  ) {
    this.#clientsAPart = clientsAPart;
    this.#clickhouse = clickhouse;
    this.#calendar = calendar;
    this.#workspace = workspace;
  }

  /** Case files of some clients, by their id; who has nothing of what is read is missing. */
  async load(clientIds: readonly string[], asOfMs: number): Promise<Map<string, CaseFile>> {
    const files = new Map<string, CaseFile>();
    for (let i = 0; i < clientIds.length; i += clientsAQuery) {
      const list = clientIds.slice(i, i + clientsAQuery);
      const scope =
        list.length > mostLookedUp ? scopeOfMany(list) : await scopeOfFew(list, (query) => this.#rows(query));
      const read = await this.#read(scope, asOfMs);
      for (const [clientId, file] of read) files.set(clientId, file);
    }
    return files;
  }

  /** Clients with their case files. */
  async *withFiles(list: readonly ClientHistory[], asOfMs: number): AsyncGenerator<WithFile> {
    const ids = list.map(({ clientId }) => clientId);
    const files = await this.load(ids, asOfMs);
    for (const history of list) yield { history, file: files.get(history.clientId) ?? emptyCaseFile };
  }

  /** All clients with their case files, of which a part is in memory at a time. */
  async *withFilesOfAll(list: readonly ClientHistory[], asOfMs: number): AsyncGenerator<WithFile> {
    const sorted = list.toSorted((a, b) => (placeOf(a.clientId) < placeOf(b.clientId) ? -1 : 1));
    for (let i = 0; i < sorted.length; i += this.#clientsAPart) {
      const next = i + this.#clientsAPart;
      // The first and the last part are open: whoever came since the histories were read is in them, and asked for by nobody.
      const range = { from: i === 0 ? undefined : sorted[i]!.clientId, until: sorted[next]?.clientId };
      const files = await this.loadRange(range, asOfMs);
      for (const history of sorted.slice(i, next))
        yield { history, file: files.get(history.clientId) ?? emptyCaseFile };
    }
  }

  /** Clients of a range. */
  async loadRange(range: ClientRange, asOfMs: number): Promise<Map<string, CaseFile>> {
    return await this.#read(scopeOfRange(range), asOfMs);
  }

  async #read(scope: CaseScope, asOfMs: number): Promise<Map<string, CaseFile>> {
    const [known] = await this.#rows<{ rates: number; costs: number }>(
      "SELECT (SELECT count() FROM exchange_rates) AS rates, (SELECT count() FROM product_costs) AS costs",
    );
    const question = { scope, asOfMs, ...this.#workspace };
    const read = async <K extends keyof CaseRows>(query: string) =>
      await this.#rows<{ client_id: string; list: CaseRows[K] }>(query);
    const [events, contacts, said, groups, margins] = await Promise.all([
      read<"events">(eventsQuery(question, known!.rates > 0)),
      read<"contacts">(contactsQuery(question)),
      read<"said">(saidQuery(question)),
      read<"groups">(groupsQuery(question)),
      known!.costs > 0 ? read<"margins">(marginsQuery(question)) : [],
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

  /** What persons without a name are called: their address, number or login. Asked only for those who may be named. */
  async #labels(rows: Iterable<CaseRows>, newSinceMs: number): Promise<Map<string, string>> {
    const unnamed = new Set<string>();
    for (const { events, contacts, said } of rows) {
      const named = new Set(said.flatMap(([contact, trait]) => (trait === "name" ? contact : [])));
      const recent = contacts.flatMap((row) => (row[6] > newSinceMs ? row[0] : []));
      const met = events.flatMap(([type, , contact]) => (isNamedIn(type) ? contact : []));
      for (const contact of [...met, ...recent]) {
        if (contact !== nobody && !named.has(contact)) unnamed.add(contact);
      }
    }
    const labels = new Map<string, string>();
    const list = [...unnamed];
    for (let i = 0; i < list.length; i += clientsAQuery) {
      const ids = quoted(list.slice(i, i + clientsAQuery));
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
    // A part's rows are some hundred megabytes of text: never all at once.
    const list: T[] = [];
    for await (const rows of result.stream<T>()) for (const row of rows) list.push(row.json());
    return list;
  }
}
