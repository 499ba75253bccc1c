-- Who moved from one class to another between two days: portfolio_moves(since = '2026-08-31')
-- client_id: Client
-- name: Its name now
-- measure: abc, xyz or how_often
-- from_class: Class on the earlier day, empty where it was not in the portfolio
-- to_class: Class on the later day, empty where it is no longer in it
-- value_before: Value on the earlier day
-- value: Value on the later day
SELECT b.client_id AS client_id, b.name AS name, move.1 AS measure, move.2 AS from_class, move.3 AS to_class, b.value_before AS value_before, b.value_after AS value
FROM
(
    SELECT
        s.client_id AS client_id,
        any(s.name) AS name,
        arrayZip(['abc', 'xyz', 'how_often'], [anyIf(s.abc, NOT s.later), anyIf(s.xyz, NOT s.later), anyIf(s.how_often, NOT s.later)], [anyIf(s.abc, s.later), anyIf(s.xyz, s.later), anyIf(s.how_often, s.later)]) AS moves,
        sumIf(s.value, NOT s.later) AS value_before,
        sumIf(s.value, s.later) AS value_after
    FROM
    (
        SELECT true AS later, client_id, name, abc, xyz, how_often, value FROM portfolio_at(as_of = {as_of:Date})
        UNION ALL
        SELECT false AS later, client_id, name, abc, xyz, how_often, value FROM portfolio_at(as_of = {since:Date})
    ) AS s
    GROUP BY client_id
) AS b
ARRAY JOIN b.moves AS move
WHERE move.2 != move.3
