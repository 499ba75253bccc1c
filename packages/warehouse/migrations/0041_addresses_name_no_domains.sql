-- The domain of an address (rule address_at) tells strangers apart and names nobody: it is no identifier of ours.
DROP VIEW IF EXISTS feed_identifiers SYNC;

CREATE MATERIALIZED VIEW feed_identifiers TO identifiers AS
SELECT pair.1 AS key, pair.2 AS kind, pair.3 AS value
FROM identity_links
ARRAY JOIN arraySlice([(left_key, left_kind, left_value), (right_key, right_kind, right_value)], 1, if(rule = 'address_at', 1, 2)) AS pair;
