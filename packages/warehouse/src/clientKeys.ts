/**
 * SQL of the leaf keys that belong to some clients or once did, found by primary key: what is joined with them decides.
 * @param clientIds SQL of a list or subquery of client ids, such as `'…', '…'`
 * @returns a subquery in brackets with one column, `key`
 */
export function keysOfClients(clientIds: string): string {
  const names = `SELECT key FROM identity_clients FINAL WHERE client_id IN (${clientIds})`;
  return `(SELECT key FROM identity_members WHERE client_key IN (${names}) OR client_key IN (${clientIds})
    UNION DISTINCT SELECT toUUID(id) AS key FROM (SELECT arrayJoin([${clientIds}]) AS id))`;
}
