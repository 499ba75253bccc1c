-- Who moved from one class to another from the end of one month to the end of the next, by portfolio_history
-- month: First day of the later month
-- client_id: Client
-- name: Its name now
-- measure: abc, xyz or how_often
-- from_class: Class before, empty where it was not in the portfolio
-- to_class: Class after, empty where it is no longer in it
-- value_before: Value before
-- value: Value after
SELECT b.month AS month, b.client_id AS client_id, b.name AS name, move.1 AS measure, move.2 AS from_class, move.3 AS to_class, b.value_before AS value_before, b.value_after AS value
FROM
(
    SELECT
        s.month AS month,
        s.client_id AS client_id,
        any(s.name) AS name,
        arrayZip(['abc', 'xyz', 'how_often'], [anyIf(s.abc, NOT s.later), anyIf(s.xyz, NOT s.later), anyIf(s.how_often, NOT s.later)], [anyIf(s.abc, s.later), anyIf(s.xyz, s.later), anyIf(s.how_often, s.later)]) AS moves,
        sumIf(s.value, NOT s.later) AS value_before,
        sumIf(s.value, s.later) AS value_after
    FROM
    (
        SELECT month, true AS later, client_id, name, abc, xyz, how_often, value FROM portfolio_history
        UNION ALL
        SELECT addMonths(month, 1) AS month, false AS later, client_id, name, abc, xyz, how_often, value FROM portfolio_history
    ) AS s
    WHERE s.month IN (SELECT month FROM portfolio_history_log) AND addMonths(s.month, -1) IN (SELECT month FROM portfolio_history_log)
    GROUP BY month, client_id
) AS b
ARRAY JOIN b.moves AS move
WHERE move.2 != move.3
