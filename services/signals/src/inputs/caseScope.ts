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
 * A UUID's place in ClickHouse's order, as text: the second half counts first. Tables are in that order by key, so that what
 * clients side by side did lies side by side.
 */
export const placeOf = (uuid: string): string => uuid.slice(19) + uuid.slice(0, 19);

/** Clients from one id to before another, in ClickHouse's order. */
export interface ClientRange {
  readonly from: string | undefined;
  readonly until: string | undefined;
}

/** Clients of a range. */
export function scopeOfRange({ from, until }: ClientRange): CaseScope {
  const isOfPart = (id: string): string =>
    [
      ...(from === undefined ? [] : [`${id} >= toUUID('${from}')`]),
      ...(until === undefined ? [] : [`${id} < toUUID('${until}')`]),
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
