import type { ClickHouse } from "@keypulse/engines";
import { identifierKey } from "@keypulse/identity";
import type { Identifier } from "@keypulse/identity/store";

export interface LedgerLink {
  rule: string;
  left: string;
  right: string;
  first_at: string;
  last_at: string;
  source: string;
  event_id: string;
}

export interface ReviewItem {
  reason: string;
  kind: string;
  rule: string;
  left: string;
  right: string;
  left_id: string;
  right_id: string;
  found_at: string;
  evidence: { occurred_at: string; source: string; event_id: string }[];
}

/** What the ledger knows, in ClickHouse. */
export class IdentityReading {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  async #rows<T>(query: string, query_params: Record<string, unknown>): Promise<T[]> {
    return await (await this.#clickhouse.query({ query, query_params, format: "JSONEachRow" })).json<T>();
  }

  /** Links that no machine may make and nobody has decided on, the newest first. */
  async review(limit: number): Promise<ReviewItem[]> {
    const conflicts = await this.#rows<
      Omit<ReviewItem, "evidence" | "left" | "right"> & { left_key: string; right_key: string }
    >(
      `SELECT left_key, right_key, reason, kind, rule, left_id, right_id,
         formatDateTime(found_at, '%FT%TZ', 'UTC') AS found_at
       FROM identity_conflicts FINAL WHERE state = 'open'
       ORDER BY identity_conflicts.found_at DESC, left_key LIMIT {limit: UInt32}`,
      { limit },
    );
    const keys = [...new Set(conflicts.flatMap((row) => [row.left_key, row.right_key]))];
    const [names, links] = await Promise.all([
      this.#rows<{ key: string; name: string }>(
        "SELECT key, concat(kind, ':', value) AS name FROM identifiers FINAL WHERE key IN {keys: Array(UUID)}",
        { keys },
      ),
      this.#rows<{ left_key: string; right_key: string; occurred_at: string; source: string; event_id: string }>(
        `SELECT left_key, right_key, formatDateTime(occurred_at, '%FT%TZ', 'UTC') AS occurred_at, source, event_id
         FROM identity_links FINAL WHERE left_key IN {keys: Array(UUID)} AND left_key != right_key
         ORDER BY identity_links.occurred_at LIMIT 3 BY left_key, right_key`,
        { keys },
      ),
    ]);
    const nameOf = new Map(names.map(({ key, name }) => [key, name]));
    return conflicts.map(({ left_key, right_key, ...row }) => ({
      ...row,
      left: nameOf.get(left_key) ?? left_key,
      right: left_key === right_key ? "" : (nameOf.get(right_key) ?? right_key),
      evidence: links
        .filter((link) => link.left_key === left_key && (link.right_key === right_key || left_key === right_key))
        .map(({ occurred_at, source, event_id }) => ({ occurred_at, source, event_id })),
    }));
  }

  /** Every link of the identifiers of one contact or client, with its first proof. */
  async ledger(keys: readonly string[], limit: number): Promise<LedgerLink[]> {
    return await this.#rows<LedgerLink>(
      `SELECT rule, concat(any(left_kind), ':', any(left_value)) AS left,
         if(left_key = right_key, '', concat(any(right_kind), ':', any(right_value))) AS right,
         formatDateTime(min(occurred_at), '%FT%TZ', 'UTC') AS first_at,
         formatDateTime(max(occurred_at), '%FT%TZ', 'UTC') AS last_at,
         argMin(source, occurred_at) AS source, argMin(event_id, occurred_at) AS event_id
       FROM identity_links WHERE left_key IN {keys: Array(UUID)} OR right_key IN {keys: Array(UUID)}
       GROUP BY left_key, right_key, rule ORDER BY min(identity_links.occurred_at), left, right LIMIT {limit: UInt32}`,
      { keys, limit },
    );
  }

  /** Keys as `kind:value`. */
  async identifiersOf(keys: readonly string[]): Promise<string[]> {
    const rows = await this.#rows<{ name: string }>(
      "SELECT concat(kind, ':', value) AS name FROM identifiers FINAL WHERE key IN {keys: Array(UUID)} ORDER BY name",
      { keys },
    );
    return rows.map(({ name }) => name);
  }

  /** Identifiers of the contact and the client that an identifier belongs to. */
  async placeOf(identifier: Identifier) {
    const [found] = await this.#rows<{ contact_id: string; client_id: string }>(
      "SELECT contact_id, client_id FROM identity_map WHERE key = {key: UUID}",
      { key: identifierKey(identifier.kind, identifier.value) },
    );
    if (found === undefined) return undefined;
    const members = await this.#rows<{ key: string; identifier: string; contact_id: string }>(
      `SELECT m.key AS key, concat(i.kind, ':', i.value) AS identifier, m.contact_id AS contact_id FROM identity_map AS m
       INNER JOIN identifiers AS i ON i.key = m.key
       WHERE m.key IN (SELECT key FROM identity_members WHERE client_key = {client: UUID} OR client_key IN
         (SELECT key FROM identity_clients FINAL WHERE client_id = {client: UUID}))
         AND m.client_id = {client: UUID} LIMIT 1 BY key LIMIT 1000`,
      { client: found.client_id },
    );
    return { ...found, members };
  }
}
