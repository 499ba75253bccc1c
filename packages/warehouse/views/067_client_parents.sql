-- Which company was the parent of which, from day to day: from the trait parent_account_id of group events and the written field parent, whichever was said later
-- child: Client
-- parent: Its parent, a client
-- since: First day
-- until: Day from which it is no longer so; 2149-06-06 where it still is
-- source: Source that said it; written where a person wrote it
WITH toUUID('00000000-0000-0000-0000-000000000000') AS nobody
SELECT child, parent, since, until, source
FROM
(
    SELECT
        child, parent, since, source,
        leadInFrame(since, 1, toDate('2149-06-06')) OVER (PARTITION BY child ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT h.client_id AS child, toDate(h.since, '{{timezone}}') AS since, argMax(coalesce(nullIf(m.client_id, nobody), toUUIDOrZero(h.said)), h.since) AS parent, argMax(h.source, h.since) AS source
        FROM
        (
            SELECT s.client_id AS client_id, s.since AS since, s.source AS source, s.said AS said, coalesce(nullIf(i.key, nobody), toUUIDOrZero(s.said)) AS said_key
            FROM (SELECT client_id, since, source, JSONExtractString(value) AS said FROM client_traits_history WHERE trait = 'parent') AS s
            LEFT JOIN (SELECT key, value FROM identifiers FINAL WHERE kind = 'account_id') AS i ON i.value = s.said
        ) AS h
        LEFT JOIN identity_map AS m ON m.key = h.said_key
        GROUP BY child, since
    )
)
WHERE parent != nobody AND parent != child
