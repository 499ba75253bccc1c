-- Links that no machine may make and nobody has decided on: npm run identity -- review
-- reason: two_people, two_clients, limit or shared_value
-- kind: Kind of identifier of which there would be too many
-- left_kind: Kind of the stronger identifier
-- left_value: Its value; of a shared value, the value itself
-- right_kind: Kind of the other one, empty for a shared value
-- right_value: Its value
-- left_id: Contact or client that the stronger one belongs to
-- right_id: Contact or client that the other one belongs to, all zeros for a shared value
-- found_at: When it was found (UTC)
SELECT
    c.reason AS reason,
    c.kind AS kind,
    a.kind AS left_kind,
    a.value AS left_value,
    if(c.left_key = c.right_key, '', b.kind) AS right_kind,
    if(c.left_key = c.right_key, '', b.value) AS right_value,
    c.left_id AS left_id,
    c.right_id AS right_id,
    c.found_at AS found_at
FROM (SELECT * FROM identity_conflicts FINAL WHERE state = 'open') AS c
LEFT JOIN (SELECT key, kind, value FROM identifiers FINAL) AS a ON a.key = c.left_key
LEFT JOIN (SELECT key, kind, value FROM identifiers FINAL) AS b ON b.key = c.right_key
