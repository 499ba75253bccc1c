-- Which contact and client the key of an identifier belongs to now
-- key: Leaf key of an identifier, as stamped on events
-- contact_id: Person that it belongs to now, all zeros for an account or a domain
-- client_id: Client that it belongs to now
SELECT k.key AS key, k.contact_id AS contact_id, if(c.client_id = toUUID('00000000-0000-0000-0000-000000000000'), k.client_key, c.client_id) AS client_id
FROM (SELECT key, contact_id, client_key FROM identity_keys FINAL) AS k
LEFT JOIN (SELECT key, client_id FROM identity_clients FINAL) AS c ON c.key = k.client_key
