-- Which contact and client an identifier's key belongs to now
-- key: Leaf key of an identifier, as stamped on events
-- kind: account_id, crm_id, user_id, email, phone, anonymous_id or domain
-- value: The normalised identifier
-- contact_id: Person that it belongs to now, all zeros for an account
-- client_id: Client that it belongs to now
SELECT key, kind, value, contact_id, client_id FROM identity_keys FINAL
