-- Clients that are in a segment now
-- segment: Segment
-- client_id: Client
-- client_name: Its name now
-- since: Since when it is in it (UTC)
SELECT m.segment AS segment, m.client_id AS client_id, n.name AS client_name, m.since AS since
FROM
(
    SELECT segment, client_id, argMax(change, at) AS newest, max(at) AS since
    FROM segment_changes
    GROUP BY segment, client_id
    HAVING newest = 'entered'
) AS m
LEFT JOIN client_names AS n ON n.client_id = m.client_id
