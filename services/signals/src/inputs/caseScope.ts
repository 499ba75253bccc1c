import { nobody } from "@keypulse/identity";
import { keysOfClients } from "@keypulse/warehouse";

/** Whose rows are read: SQL of a condition on keys, of what maps them to people and clients, and of a condition on clients. */
export interface CaseScope {
  readonly keys: string;
  /** Of those, the keys that events are stamped with. */
  readonly stamped: string;
  readonly map: string;
  readonly moves: string;
  /** Keys of people who moved: whose rows are looked up day by day. */
  readonly moved: string;
  readonly clients: string;
}

const quoted = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(",");

/** Many clients: everything is looked up inside the queries. */
export function scopeOfMany(clientIds: readonly string[]): CaseScope {
  const list = quoted(clientIds);
  const keys = keysOfClients(list);
  return {
    keys: `IN ${keys}`,
    stamped: `IN ${keys}`,
    map: `(SELECT key, contact_id, client_id FROM identity_map WHERE key IN ${keys})`,
    moves: `(SELECT key, since, client_id FROM identity_moves WHERE key IN ${keys})`,
    moved: `(SELECT key FROM identity_moves WHERE key IN ${keys})`,
    clients: `client_id IN (${list})`,
  };
}

/**
 * ClickHouse orders UUIDs by their second half first, and so are its tables by key: a part is a range in that order, and what
 * it reads lies side by side. The second half of a key that is made of a hash (RFC 9562) begins with binary 10.
 */
const [firstHash, hashes] = [0x8000, 0x4000];

/** Part of a client among so many: by its id, so that callers can tell which of theirs are in it. */
export function partOfClient(clientId: string, parts: number): number {
  const place = Number.parseInt(clientId.slice(19, 23), 16) - firstHash;
  return Math.min(parts - 1, Math.max(0, Math.floor((place * parts) / hashes)));
}

/** One part of all clients, by partOfClient. */
export function scopeOfPart(part: number, parts: number): CaseScope {
  const start = (of: number): string => {
    const place = firstHash + Math.ceil((of * hashes) / parts);
    return `toUUID('00000000-0000-0000-${place.toString(16).padStart(4, "0")}-000000000000')`;
  };
  const isOfPart = (id: string): string =>
    [
      ...(part > 0 ? [`${id} >= ${start(part)}`] : []),
      ...(part < parts - 1 ? [`${id} < ${start(part + 1)}`] : []),
    ].join(" AND ") || "true";
  const ofPart = (table: string): string => `SELECT key FROM ${table} WHERE ${isOfPart("client_id")}`;
  const mapped = `${ofPart("identity_map")} UNION DISTINCT ${ofPart("identity_moves")}`;
  // A key that the map does not know is a client by itself.
  const own = `SELECT client_key AS key FROM client_totals WHERE ${isOfPart("client_key")}`;
  const known = `key != '${nobody}'`;
  return {
    keys: `IN (SELECT key FROM (${own} UNION DISTINCT ${mapped}) WHERE ${known})`,
    stamped: `IN (SELECT key FROM (${own} UNION DISTINCT SELECT client_key FROM client_totals WHERE client_key IN (${mapped})) WHERE ${known})`,
    map: "(SELECT key, contact_id, client_id FROM identity_map)",
    moves: "(SELECT key, since, client_id FROM identity_moves)",
    moved: "(SELECT key FROM identity_moves)",
    clients: isOfPart("client_id"),
  };
}

/** A few clients, written out: what is looked up once is not looked up in every query again. */
export async function scopeOfFew(
  clientIds: readonly string[],
  rowsOf: (query: string) => Promise<{ row: string }[]>,
): Promise<CaseScope> {
  const keys = keysOfClients(quoted(clientIds));
  const [map, moves] = await Promise.all([
    rowsOf(
      `SELECT format('(\\'{}\\',\\'{}\\',\\'{}\\')', toString(key), toString(contact_id), toString(client_id)) AS row
       FROM identity_map WHERE key IN ${keys}`,
    ),
    rowsOf(
      `SELECT format('(\\'{}\\',\\'{}\\',\\'{}\\')', toString(key), toString(since), toString(client_id)) AS row
       FROM identity_moves WHERE key IN ${keys}`,
    ),
  ]);
  const table = (columns: string, rows: readonly { row: string }[], empty: string): string =>
    `(SELECT * FROM values('${columns}', ${rows.length === 0 ? empty : rows.map(({ row }) => row).join(",")}))`;
  const known = map.map(({ row }) => row.slice(1, row.indexOf(",")));
  return {
    keys: `IN (${[...known, quoted(clientIds)].join(",")})`,
    stamped: `IN (${[...known, quoted(clientIds)].join(",")})`,
    map: table("key UUID, contact_id UUID, client_id UUID", map, `('${nobody}','${nobody}','${nobody}')`),
    moved: `(${moves.length === 0 ? `'${nobody}'` : moves.map(({ row }) => row.slice(1, row.indexOf(","))).join(",")})`,
    moves: table("key UUID, since Date, client_id UUID", moves, `('${nobody}','1970-01-01','${nobody}')`),
    clients: `client_id IN (${quoted(clientIds)})`,
  };
}
