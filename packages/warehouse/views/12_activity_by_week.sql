-- Events a week (of the workspace's time zone) by client and kind
-- client_id: Client now
-- week: Monday of the week
-- kind: email, web, call, order or identity
-- events: Number of events
-- active: Of these, the client's acts
SELECT client_id, toMonday(day) AS week, kind, sum(events) AS events, sum(active) AS active
FROM activity_by_day
GROUP BY client_id, week, kind
