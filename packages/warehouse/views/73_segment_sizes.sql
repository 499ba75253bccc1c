-- How large segments were: a row each time that one changed
-- segment: Segment
-- at: When it was evaluated (UTC)
-- day: The same as a day in the workspace's time zone
-- clients: Clients in it from then on
-- entered: Clients who entered then
-- left: Clients who left then
SELECT
    c.segment AS segment,
    c.at AS at,
    toDate(c.at, '{{timezone}}') AS day,
    toUInt64(sum(toInt64(c.entered) - toInt64(c.left)) OVER (PARTITION BY c.segment ORDER BY c.at ROWS UNBOUNDED PRECEDING)) AS clients,
    c.entered AS entered,
    c.left AS left
FROM (SELECT segment, at, countIf(change = 'entered') AS entered, countIf(change = 'left') AS left FROM segment_changes GROUP BY segment, at) AS c
