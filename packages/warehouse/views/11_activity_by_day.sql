-- Events a day (of the workspace's time zone) by client, kind and type
-- client_id: Client now
-- day: Day in the workspace's time zone
-- kind: email, web, call, order or identity
-- type: What happened
-- events: Number of events
-- active: Of these, the client's acts
SELECT
    {{client_id a}} AS client_id,
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
{{join_clients a day}}
