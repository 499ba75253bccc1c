-- Wired sources and what arrived from them
-- source: Source
-- first_hour: Hour of its first event
-- last_event: When its last event happened
-- last_received: When its last event arrived
-- events: Events accepted
-- events_24h: Events of the last 24 hours
-- duplicates: Events sent again and counted once
-- rejected: Events that could not be used
SELECT
    s.source AS source,
    s.first_hour AS first_hour,
    s.last_event AS last_event,
    s.last_received AS last_received,
    s.events AS events,
    s.events_24h AS events_24h,
    d.duplicates AS duplicates,
    r.rejected AS rejected
FROM
(
    SELECT
        source,
        min(hour) AS first_hour,
        max(last_at) AS last_event,
        max(last_received_at) AS last_received,
        sum(events) AS events,
        sumIf(source_hourly.events, hour > now() - 86400) AS events_24h
    FROM source_hourly
    GROUP BY source
) AS s
LEFT JOIN (SELECT source, count() AS duplicates FROM duplicate_events GROUP BY source) AS d ON d.source = s.source
LEFT JOIN (SELECT source, count() AS rejected FROM rejected_events GROUP BY source) AS r ON r.source = s.source
