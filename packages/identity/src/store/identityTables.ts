import type { IdentifierKind } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";
import type { Link, LinkRule } from "../link.ts";
import type { ProvenLink } from "../linksOf.ts";
import { type IdentitySettings, isContactKind } from "../settings.ts";
import { packKey } from "./packedLinks.ts";

/** Rows of identity_keys, identity_clients and identity_conflicts; of each key the newest version counts. */
export interface KeyRow {
  key: string;
  contact_id: string;
  client_key: string;
  eras: { since: number; client_key: string }[];
  version: string;
}
export interface ClientRow {
  key: string;
  client_id: string;
  version: string;
}
export interface ConflictRow {
  left_key: string;
  right_key: string;
  rule: LinkRule | "shared_value";
  reason: string;
  kind: IdentifierKind | "";
  left_id: string;
  right_id: string;
  state: "open" | "gone";
  found_at: number;
  version: string;
}

/** Tables of identity in ClickHouse; repeated rows replace themselves. */
export class IdentityTables {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  async #insert(table: string, values: readonly object[]): Promise<void> {
    if (values.length === 0) return;
    await this.#clickhouse.insert({
      table,
      format: "JSONEachRow",
      values,
      clickhouse_settings: { async_insert: 0 },
    });
  }

  async storeLinks(links: readonly ProvenLink[]): Promise<void> {
    await this.#insert(
      "identity_links",
      links.map((link) => ({
        left_key: link.left.key,
        right_key: link.right.key,
        rule: link.rule,
        left_kind: link.left.kind,
        left_value: link.left.value,
        right_kind: link.right.kind,
        right_value: link.right.value,
        occurred_at: link.occurredAtMs,
        source: link.source,
        event_id: link.eventId,
      })),
    );
  }

  async store(rows: { keys: KeyRow[]; clients: ClientRow[]; conflicts: ConflictRow[] }): Promise<void> {
    await Promise.all([
      this.#insert("identity_keys", rows.keys),
      this.#insert("identity_clients", rows.clients),
      this.#insert("identity_conflicts", rows.conflicts),
    ]);
  }

  /** What earlier settings had joined or found and these have not written again stands for itself. */
  async forgetBefore(version: string): Promise<void> {
    const query_params = { version };
    await this.#clickhouse.command({
      query: `INSERT INTO identity_clients SELECT key, key, version + 1 FROM identity_clients FINAL
        WHERE version < {version: UInt64} AND client_id != key`,
      query_params,
    });
    await this.#clickhouse.command({
      query: `INSERT INTO identity_conflicts SELECT * REPLACE ('gone' AS state, version + 1 AS version)
        FROM identity_conflicts FINAL WHERE version < {version: UInt64} AND state = 'open'`,
      query_params,
    });
  }

  /**
   * The ledger's links, each with its earliest proof, to fill the graph again.
   * @param key only links of this identifier; undefined for all
   */
  async *links(batchSize: number, key?: string): AsyncGenerator<Link[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT left_key, right_key, rule, any(left_kind) AS left_kind, any(right_kind) AS right_kind,
          toUnixTimestamp64Milli(min(occurred_at)) AS ms
        FROM identity_links ${key === undefined ? "" : "WHERE left_key = {key: UUID} OR right_key = {key: UUID}"}
        GROUP BY left_key, right_key, rule`,
      query_params: key === undefined ? {} : { key },
      format: "JSONCompactEachRow",
    });
    let part: Link[] = [];
    for await (const rows of result.stream<[string, string, LinkRule, IdentifierKind, IdentifierKind, string]>()) {
      for (const row of rows) {
        const [left, right, rule, leftKind, rightKind, ms] = row.json();
        part.push({ left: packKey(left), leftKind, right: packKey(right), rightKind, rule, atMs: Number(ms) });
        if (part.length >= batchSize) {
          yield part;
          part = [];
        }
      }
    }
    if (part.length > 0) yield part;
  }

  /** Every identifier of the ledger; keys are packed. */
  async *identifiers(batchSize: number): AsyncGenerator<{ key: string; kind: IdentifierKind }[]> {
    const result = await this.#clickhouse.query({
      query: "SELECT key, kind FROM identifiers FINAL",
      format: "JSONCompactEachRow",
    });
    let part: { key: string; kind: IdentifierKind }[] = [];
    for await (const rows of result.stream<[string, IdentifierKind]>()) {
      for (const row of rows) {
        const [key, kind] = row.json();
        part.push({ key: packKey(key), kind });
        if (part.length < batchSize) continue;
        yield part;
        part = [];
      }
    }
    if (part.length > 0) yield part;
  }

  /** Keys that were erased: what is left of others' events must not name them again. */
  async suppressed(): Promise<ReadonlySet<string>> {
    const result = await this.#clickhouse.query({ query: "SELECT key FROM suppressed_keys", format: "JSONEachRow" });
    return new Set((await result.json<{ key: string }>()).map(({ key }) => key));
  }

  /**
   * Combinations of identifiers that events carried, each with its earliest event.
   * @param value only events that carried this normalised value; undefined for all
   */
  async *combinations(
    value: string | undefined,
    batchSize: number,
  ): AsyncGenerator<{ identifiers: Record<string, string>; id: string; source: string; occurredAtMs: number }[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT identifiers, argMin(event_id, (occurred_at, event_id)) AS id,
          argMin(source, (occurred_at, event_id)) AS source, toUnixTimestamp64Milli(min(occurred_at)) AS ms
        FROM events
        WHERE length(identifiers) > 0${value === undefined ? "" : " AND has(mapValues(identifiers), {value: String})"}
        GROUP BY identifiers`,
      query_params: value === undefined ? {} : { value },
      format: "JSONEachRow",
    });
    type Row = { identifiers: Record<string, string>; id: string; source: string; ms: string };
    let part: { identifiers: Record<string, string>; id: string; source: string; occurredAtMs: number }[] = [];
    for await (const rows of result.stream<Row>()) {
      for (const row of rows) {
        const { ms, ...event } = row.json();
        part.push({ ...event, occurredAtMs: Number(ms) });
        if (part.length >= batchSize) {
          yield part;
          part = [];
        }
      }
    }
    if (part.length > 0) yield part;
  }
}

/** The place of an identifier that is linked with nothing. */
export function alonePlace(key: string, kind: IdentifierKind, settings: IdentitySettings) {
  return isContactKind(kind, settings)
    ? ({ level: "person", contact: key, client: key, eras: [] } as const)
    : ({ level: "client", client: key } as const);
}
