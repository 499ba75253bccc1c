-- Every source, wired or heard: how fresh it is and what arrived from it
-- source: Source, as events are stamped with it
-- name: Name that people gave it, empty for own producers
-- connector: What it is wired with, empty for own producers
-- state: active, paused or deleted as it is wired; empty for own producers
-- first_hour: Hour of its first event (UTC); NULL where none came
-- last_event: When its last event happened (UTC); NULL where none came
-- last_received: When its last event arrived (UTC); NULL where none came
-- events: Events accepted
-- events_24h: Events that happened in the last 24 hours
-- duplicates: Events sent again and counted once
-- rejected: Events that could not be used
WITH
    heard AS
    (
        SELECT
            source,
            minIf(r.hour, r.accepted > 0) AS first_hour,
            max(r.last_at) AS last_at,
            max(r.last_received_at) AS last_received_at,
            sum(r.accepted) AS accepted,
            sumIf(r.accepted, r.hour > now() - 86400) AS accepted_24h,
            sum(r.again) AS again,
            sum(r.refused) AS refused
        FROM
        (
            SELECT source, hour, last_at, last_received_at, events AS accepted, 0 AS again, 0 AS refused FROM source_hourly
            UNION ALL
            SELECT source, toDateTime(0, 'UTC'), toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC'), 0, 1, 0 FROM duplicate_events
            UNION ALL
            SELECT source, toDateTime(0, 'UTC'), toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC'), 0, 0, 1 FROM rejected_events
        ) AS r
        GROUP BY source
    ),
    wired AS
    (
        -- Field by field: what a source is wired with holds secrets.
        SELECT
            id,
            JSONExtractString(argMaxIf(value, version, NOT deleted), 'name') AS name,
            JSONExtractString(argMaxIf(value, version, NOT deleted), 'connector') AS connector,
            if(argMax(deleted, version), 'deleted', JSONExtractString(argMax(value, version), 'state')) AS state
        FROM settings
        WHERE kind = 'source'
        GROUP BY id
    )
SELECT
    if(h.source = '', w.id, h.source) AS source,
    w.name AS name,
    w.connector AS connector,
    w.state AS state,
    nullIf(h.first_hour, toDateTime(0, 'UTC')) AS first_hour,
    nullIf(h.last_at, toDateTime64(0, 3, 'UTC')) AS last_event,
    nullIf(h.last_received_at, toDateTime64(0, 3, 'UTC')) AS last_received,
    h.accepted AS events,
    h.accepted_24h AS events_24h,
    h.again AS duplicates,
    h.refused AS rejected
FROM heard AS h
FULL OUTER JOIN wired AS w ON w.id = h.source
