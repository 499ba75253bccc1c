import type { ClickHouse } from "@keypulse/engines";

export interface NamedClient {
  id: string;
  /** What group and identify events call it, else its strongest identifier; may be empty. */
  name: string;
}

const nobody = "00000000-0000-0000-0000-000000000000";

/** The clients that leaf keys belong to now, by key. Keys of nobody are left out. */
export async function readClients(
  clickhouse: ClickHouse,
  keys: readonly string[],
): Promise<ReadonlyMap<string, NamedClient>> {
  const known = keys.filter((key) => key !== nobody);
  if (known.length === 0) return new Map();
  const ask = async <T>(query: string, query_params: Record<string, unknown>): Promise<T[]> => {
    const result = await clickhouse.query({ query, query_params, format: "JSONEachRow" });
    return await result.json<T>();
  };
  const mapped = await ask<{ key: string; client_id: string }>(
    "SELECT key, client_id FROM identity_map WHERE key IN {keys: Array(UUID)}",
    { keys: known },
  );
  const clientOf = new Map(mapped.map(({ key, client_id }) => [key, client_id === nobody ? key : client_id]));
  const ids = [...new Set(known.map((key) => clientOf.get(key) ?? key))];
  const names = await ask<{ client: string; name: string }>(namesQuery, { ids });
  const nameOf = new Map(names.map(({ client, name }) => [client, name]));
  return new Map(
    known.map((key) => {
      const id = clientOf.get(key) ?? key;
      return [key, { id, name: nameOf.get(id) ?? "" }];
    }),
  );
}

/** As the view `client_names` has it, for these clients alone; without a name the strongest identifier stands in. */
const namesQuery = `
  WITH members AS (
    SELECT key, client_id AS client FROM identity_map WHERE client_id IN {ids: Array(UUID)}
    UNION DISTINCT SELECT arrayJoin({ids: Array(UUID)}) AS key, key AS client)
  SELECT client, argMax(name, rank) AS name FROM (
    SELECT m.client AS client, JSONExtractString(t.value) AS name, (2, t.subject = 'client', t.occurred_at) AS rank
    FROM client_traits AS t INNER JOIN members AS m ON m.key = t.subject_key
    WHERE t.trait = 'name' AND t.value != 'null' AND t.subject_key IN (SELECT key FROM members)
    UNION ALL
    SELECT m.client, i.value,
      (1, indexOf(['anonymous_id', 'user_id', 'phone', 'email', 'domain', 'crm_id', 'account_id'], i.kind), toDateTime64(0, 3, 'UTC'))
    FROM identifiers AS i INNER JOIN members AS m ON m.key = i.key
    WHERE i.key IN (SELECT key FROM members))
  GROUP BY client`;
