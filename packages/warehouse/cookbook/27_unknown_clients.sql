-- How complete is the data? Events that no client could be told for
-- Asked by: analysts, marketing ops
-- source: Source
-- type: What happened
-- events: Events
-- unknown: Of these, of nobody that we know
-- share: The second divided by the first
SELECT
    source,
    type,
    count() AS events,
    countIf(client_id = toUUID('00000000-0000-0000-0000-000000000000')) AS unknown,
    round(unknown / events, 4) AS share
FROM timeline
GROUP BY source, type
ORDER BY source, type
