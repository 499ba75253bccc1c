-- Alerts that were open for several detectors of one client: the newest goes on for all of them, the others are over.
INSERT INTO alerts
SELECT * EXCEPT (place) REPLACE (
    version + 1 AS version,
    'resolved' AS state,
    now64(3) AS updated_at,
    now64(3) AS resolved_at,
    'Joined with the other alert on this client: what has one cause is one alert now.' AS reason
)
FROM
(
    SELECT *, row_number() OVER (PARTITION BY client_id, cause ORDER BY updated_at DESC, id) AS place
    FROM (SELECT * FROM alerts FINAL ORDER BY id, version DESC LIMIT 1 BY id)
    WHERE state = 'open'
)
WHERE place > 1;
