import type { ClickHouseReader } from "@keypulse/engines";
import { askByKeys, keyList } from "./askByKeys.ts";

/** A day number from which a person's events belong to a client. */
interface Era {
  since: number;
  client: string;
}

interface StoredKey {
  key: string;
  contact_id: string;
  client_key: string;
  /** Day numbers and keys of clients, oldest first. */
  eras: [number, string][];
}

const nobody = "00000000-0000-0000-0000-000000000000";

/**
 * Who some clients are: the leaf keys that are theirs or once were, and whose a row of a key is. A row's owner is read
 * from its key and its era: 0 for keys that have always belonged to one client, else which of the person's eras its day
 * falls in (`eraOf` writes that in SQL), so that sums of rows may be grouped by both.
 */
export interface ClientOwners {
  /** All keys that rows have to be read of. */
  readonly keys: readonly string[];
  /** Those of people who moved. */
  readonly movedKeys: readonly string[];
  /** The client that a client's or a key's id stands for now. */
  clientOf(key: string): string;
  /** undefined for keys of accounts and keys that are not known. */
  contactOf(key: string): string | undefined;
  /** The people of a client now, with their keys. */
  contactsOf(client: string): ReadonlyMap<string, readonly string[]>;
  /** Clients that a key belonged to, by its eras; empty where it never moved. */
  clientsOnce(key: string): readonly string[];
  /** Whose a row is. */
  ownerOf(row: { client_key: string; era: number }): string;
  /** SQL of a row's era. @param day SQL of its day */
  eraOf(day: string): string;
}

/**
 * @param ids clients as the map has them now, or ids that were merged away: `clientOf` says under whom they are found
 * @param timezone of the workspace: days are its days
 */
export async function readOwners(
  reader: ClickHouseReader,
  ids: readonly string[],
  timezone: string,
): Promise<ClientOwners> {
  const ask = askByKeys(reader);
  const stored = async (keys: string): Promise<StoredKey[]> =>
    await ask(
      `SELECT key, contact_id, client_key,
         arrayMap(era -> (if(toUnixTimestamp64Milli(era.since) = 0, 0, toUInt32(toDate(era.since, '${timezone}'))), era.client_key), eras) AS eras
       FROM identity_keys FINAL WHERE key IN (${keys})`,
    );
  const keysOf = async (clientKeys: readonly string[]): Promise<StoredKey[]> => {
    const members = await stored(`SELECT key FROM identity_members WHERE client_key IN (${keyList(clientKeys)})`);
    // A client's key is its own member; what is not was asked for by another key, or nothing is known of it.
    const found = new Set(members.map(({ key }) => key));
    const others = clientKeys.filter((key) => !found.has(key));
    return others.length === 0 ? members : [...members, ...(await stored(keyList(others)))];
  };
  const [ofIds, heirs] = await Promise.all([
    keysOf(ids),
    ask<{ key: string; client_id: string }>(
      `SELECT key, client_id FROM identity_clients FINAL WHERE client_id IN (${keyList(ids)}) OR key IN (${keyList(ids)})`,
    ),
  ]);
  const heirOf = new Map(heirs.map(({ key, client_id }) => [key, client_id]));
  // Most clients were never joined with another: then this is all.
  const joined = heirs.map(({ key }) => key).filter((key) => !ids.includes(key));
  const ofJoined = joined.length === 0 ? [] : await keysOf(joined);
  const byKey = new Map([...ofIds, ...ofJoined].map((row) => [row.key, row]));
  const known = new Set([...ids, ...heirOf.keys()]);
  const others = [...byKey.values()]
    .flatMap(({ client_key, eras }) => [client_key, ...eras.map(([, client]) => client)])
    .filter((key) => !known.has(key));
  if (others.length > 0) {
    const found = await ask<{ key: string; client_id: string }>(
      `SELECT key, client_id FROM identity_clients FINAL WHERE key IN (${keyList(others)})`,
    );
    for (const { key, client_id } of found) heirOf.set(key, client_id);
  }

  const heir = (clientKey: string): string => heirOf.get(clientKey) ?? clientKey;
  const clientOf = (key: string): string => heir(byKey.get(key)?.client_key ?? key);
  const erasOf = new Map<string, Era[]>(
    [...byKey.values()]
      .filter(({ eras }) => eras.length > 0)
      .map(({ key, eras }) => [
        key,
        eras
          .map(([since, client]) => ({ since, client: heir(client) }))
          .sort((one, other) => one.since - other.since)
          // Of several moves on one day the last has it.
          .filter(({ since }, index, all) => all[index + 1]?.since !== since),
      ]),
  );
  const contacts = Map.groupBy(
    [...byKey.values()].filter(({ contact_id }) => contact_id !== nobody),
    ({ client_key }) => heir(client_key),
  );
  return {
    keys: [...new Set([...ids, ...byKey.keys()])],
    movedKeys: [...erasOf.keys()],
    clientOf,
    contactOf(key) {
      const contact = byKey.get(key)?.contact_id;
      return contact === nobody ? undefined : contact;
    },
    contactsOf: (client) =>
      new Map(
        [...Map.groupBy(contacts.get(client) ?? [], ({ contact_id }) => contact_id)].map(([contact, keys]) => [
          contact,
          keys.map(({ key }) => key),
        ]),
      ),
    clientsOnce: (key) => (erasOf.get(key) ?? []).map(({ client }) => client),
    ownerOf: ({ client_key, era }) =>
      erasOf.has(client_key) ? (erasOf.get(client_key)![era - 1]?.client ?? nobody) : clientOf(client_key),
    eraOf(day) {
      if (erasOf.size === 0) return "0";
      const cases = [...erasOf].map(
        ([key, eras]) =>
          `client_key = '${key}', arrayCount(since -> since <= toUInt32(${day}), [${eras.map(({ since }) => since)}])`,
      );
      return `multiIf(${cases.join(", ")}, 0)`;
    },
  };
}

/** SQL of the keys and eras that are the client's: a person who moved brings only the events of their days with it. */
export function ownEras(id: string, owners: ClientOwners): string {
  return owners.keys
    .flatMap((key) => {
      const eras = owners.clientsOnce(key).length;
      return Array.from({ length: eras === 0 ? 1 : eras }, (_, index) => ({
        client_key: key,
        era: eras === 0 ? 0 : index + 1,
      }));
    })
    .filter((row) => owners.ownerOf(row) === id)
    .map(({ client_key, era }) => `('${client_key}', ${era})`)
    .join(", ");
}
