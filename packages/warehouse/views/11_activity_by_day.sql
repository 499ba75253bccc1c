-- Events a day (of the workspace's time zone) by client, kind and type
-- client_id: Client now
-- day: Day in the workspace's time zone
-- kind: email, web, call, order or identity
-- type: What happened
-- events: Number of events
-- active: Of these, the client's acts
WITH toUUID('00000000-0000-0000-0000-000000000000') AS nobody
SELECT
    if(m.client_id = nobody, a.client_key, m.client_id) AS client_id,
    a.day AS day,
    a.kind AS kind,
    a.type AS type,
    a.events AS events,
    a.active AS active
FROM
(
    SELECT client_key, day, kind, type, sum(events) AS events, sum(active) AS active
    FROM activity_daily
    GROUP BY client_key, day, kind, type
) AS a
LEFT JOIN identity_map AS m ON m.key = a.client_key
