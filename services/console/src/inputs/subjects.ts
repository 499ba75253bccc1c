import type { ClickHouse } from "@keypulse/engines";
import { type IdentitySettings, identifierKey, isContactKind, type NormaliseSettings } from "@keypulse/identity";
import { erasedPerson, keysOfClients } from "@keypulse/warehouse";
import { ApiFault } from "../domain/apiFault.ts";
import { readIdentifier } from "../domain/identifierText.ts";
import type { Subject } from "../steps/erase.ts";

const nobody = "00000000-0000-0000-0000-000000000000";

/**
 * Whom an identifier names, with all that belongs to them: a person by an address, number or login; a client with its
 * people by an account or a domain. A person who also belonged to another client stays with that one.
 * @throws ApiFault 400, 404
 */
export function createReadSubject(clickhouse: ClickHouse, normalise: NormaliseSettings, settings: IdentitySettings) {
  const rows = async <T>(query: string, query_params: Record<string, unknown>): Promise<T[]> =>
    await (await clickhouse.query({ query, query_params, format: "JSONEachRow" })).json<T>();

  return async function readSubject(text: string): Promise<Subject> {
    const identifier = readIdentifier(text, normalise);
    const key = identifierKey(identifier.kind, identifier.value);
    const [place] = await rows<{ contact_id: string; client_id: string }>(
      "SELECT contact_id, client_id FROM identity_map WHERE key = {key: UUID}",
      { key },
    );
    if (place === undefined) throw new ApiFault(404, `nobody is known by ${identifier.kind}:${identifier.value}`);
    const kind = isContactKind(identifier.kind, settings) ? "person" : "client";
    const belongs =
      kind === "person"
        ? "contact_id = {id: UUID}"
        : `client_id = {id: UUID} AND (contact_id = '${nobody}' OR key NOT IN (SELECT key FROM identity_moves))`;
    const found = await rows<{ key: string; name: string }>(
      `SELECT m.key AS key, concat(i.kind, ':', i.value) AS name
       FROM (SELECT key, contact_id, client_id FROM identity_map
         WHERE key IN ${keysOfClients(`'${place.client_id}'`)} AND ${belongs}) AS m
       LEFT JOIN (SELECT key, kind, value FROM identifiers FINAL) AS i ON i.key = m.key ORDER BY name`,
      { id: kind === "person" ? place.contact_id : place.client_id },
    );
    const keys = found.map((row) => row.key);
    const names = found.map((row) => row.name);
    // Texts about a client go with it.
    if (kind === "client") return { kind, keys, names, mentions: [], clients: [] };
    const [called, clients] = await Promise.all([calledOf(keys), clientsOf(keys)]);
    const values = names.map((name) => name.slice(name.indexOf(":") + 1)).filter((value) => value.length >= shortestId);
    return { kind, keys, names, mentions: mentionsOf([...values, ...called]), clients };
  };

  /** Names by which a person was ever called. */
  async function calledOf(keys: string[]): Promise<string[]> {
    const found = await rows<{ name: string }>(
      `SELECT DISTINCT JSONExtractString(value) AS name FROM (
         SELECT value FROM client_traits WHERE subject_key IN {keys: Array(UUID)} AND subject = 'contact' AND trait = 'name'
         UNION ALL
         SELECT value FROM written_fields WHERE subject_key IN {keys: Array(UUID)} AND subject = 'contact' AND field = 'name')`,
      { keys },
    );
    return found.map(({ name }) => name);
  }

  /** All ids under which texts may stand about the clients that these keys belong to, or once did. */
  async function clientsOf(keys: string[]): Promise<string[]> {
    const found = await rows<{ id: string }>(
      `WITH
         leaves AS (SELECT arrayJoin(arrayConcat([client_key], eras.client_key)) AS leaf FROM identity_keys FINAL
           WHERE key IN {keys: Array(UUID)}),
         heirs AS (SELECT client_id AS heir FROM identity_clients FINAL WHERE key IN (SELECT leaf FROM leaves)
           UNION DISTINCT SELECT leaf FROM leaves)
       SELECT DISTINCT id FROM (
         SELECT heir AS id FROM heirs
         UNION ALL SELECT key FROM identity_clients FINAL WHERE client_id IN (SELECT heir FROM heirs))
       WHERE id NOT IN {keys: Array(UUID)}`,
      { keys },
    );
    return found.map(({ id }) => id);
  }
}

/** Shorter ids stand in texts by chance. */
const shortestId = 5;
const shortestName = 3;

/** As they stand in texts and in JSON; the longest first, so that a name is not cut in two. */
function mentionsOf(called: readonly string[]): string[] {
  const standsFor = erasedPerson.split(" ");
  const words = called
    .map((word) => word.trim())
    .filter((word) => word.length >= shortestName && !standsFor.includes(word.toLowerCase()))
    .flatMap((word) => [word, JSON.stringify(word).slice(1, -1)]);
  return [...new Set(words)].sort((one, other) => other.length - one.length);
}
