-- Every identifier with the contact and client that it belongs to now
-- key: Leaf key of the identifier
-- kind: account_id, crm_id, user_id, email, phone, anonymous_id or domain
-- value: Normalised value
-- contact_id: Person that it belongs to now, all zeros for an account
-- client_id: Client that it belongs to now
SELECT i.key AS key, i.kind AS kind, i.value AS value, m.contact_id AS contact_id, m.client_id AS client_id
FROM identifiers AS i FINAL
INNER JOIN identity_map AS m ON m.key = i.key
