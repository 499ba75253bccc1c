-- Which contact and client the key of an identifier belongs to now
-- key: Leaf key of an identifier, as stamped on events
-- contact_id: Person that it belongs to now, all zeros for an account
-- client_id: Client that it belongs to now
SELECT key, contact_id, client_id FROM identity_keys FINAL
