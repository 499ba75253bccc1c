-- Segments: named conditions over clients
-- segment: Segment
-- name: Name that people gave it
-- description: What it is for
-- condition: Its condition as JSON: {sql} or {fields}
-- clients: Clients in it now
-- last_change: When a client last entered or left (UTC); NULL where none has
-- changed_by: Who last changed the segment itself
-- changed_at: When that was (UTC)
SELECT
    s.id AS segment,
    JSONExtractString(s.newest, 'name') AS name,
    JSONExtractString(s.newest, 'description') AS description,
    JSONExtractRaw(s.newest, 'condition') AS condition,
    m.clients AS clients,
    nullIf(m.last_change, toDateTime64(0, 3, 'UTC')) AS last_change,
    s.who AS changed_by,
    s.since AS changed_at
FROM
(
    SELECT id, argMax(value, version) AS newest, argMax(deleted, version) AS gone, argMax(settings.changed_by, version) AS who, argMax(settings.changed_at, version) AS since
    FROM settings
    WHERE kind = 'segment'
    GROUP BY id
) AS s
LEFT JOIN
(
    SELECT segment, countIf(newest = 'entered') AS clients, max(latest) AS last_change
    FROM (SELECT segment, client_id, argMax(change, at) AS newest, max(at) AS latest FROM segment_changes GROUP BY segment, client_id)
    GROUP BY segment
) AS m ON m.segment = s.id
WHERE NOT s.gone
