-- Events by client and kind: by which way a client is in touch, how often and since when
-- client_id: Client now
-- kind: email, web, call, order or identity
-- events: Number of events
-- active: Of these, the client's acts
-- active_days: Days with an act of the client
-- first_day: First day with an event, in the workspace's time zone
-- last_day: Last day with an event
-- last_active_day: Last day with an act of the client; NULL where there is none
SELECT
    client_id,
    kind,
    sum(d.events) AS events,
    sum(d.active) AS active,
    uniqExactIf(d.day, d.active > 0) AS active_days,
    min(d.day) AS first_day,
    max(d.day) AS last_day,
    maxOrNullIf(d.day, d.active > 0) AS last_active_day
FROM activity_by_day AS d
GROUP BY client_id, kind
