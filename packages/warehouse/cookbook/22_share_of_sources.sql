-- What does each source bring?
-- Asked by: marketing ops, analysts
-- source: Source
-- kind: Kind of event
-- events: Events
-- share: Share of all events, 0 to 1
-- clients: Clients whom its events are about
SELECT
    source,
    kind,
    count() AS events,
    round(events / sum(events) OVER (), 4) AS share,
    uniqExactIf(client_id, client_id != toUUID('00000000-0000-0000-0000-000000000000')) AS clients
FROM timeline
GROUP BY source, kind
ORDER BY source, kind
