-- What identifiers tell of each client
-- client_id: Client
-- account_id: Account number, empty for a person on their own
-- label: Its strongest identifier
-- contacts: Number of known persons
SELECT
    m.client_id AS client_id,
    minIf(i.value, i.kind = 'account_id') AS account_id,
    argMinIf(i.value, (indexOf(['account_id', 'crm_id', 'domain', 'user_id', 'email', 'phone', 'anonymous_id'], toString(i.kind)), i.value), i.value != '') AS label,
    uniqExactIf(m.contact_id, m.contact_id != toUUID('00000000-0000-0000-0000-000000000000')) AS contacts
FROM identity_map AS m
LEFT JOIN (SELECT key, kind, value FROM identifiers FINAL WHERE {{is_known key}}) AS i ON i.key = m.key
GROUP BY client_id
