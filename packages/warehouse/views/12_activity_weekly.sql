-- Old name of activity_by_week, kept for queries that use it
-- client_id: Client now
-- week: Monday of the week
-- kind: email, web, call, order or identity
-- events: Number of events
-- active: Of these, the client's acts
SELECT client_id, week, kind, events, active FROM activity_by_week
