import type { ClickHouse } from "@keypulse/engines";
import { type IdentitySettings, identifierKey, isContactKind, type NormaliseSettings } from "@keypulse/identity";
import { keysOfClients } from "@keypulse/warehouse";
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
    return { kind, keys: found.map((row) => row.key), names: found.map((row) => row.name) };
  };
}
