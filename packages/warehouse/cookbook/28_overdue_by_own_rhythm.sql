-- Who is overdue by their own rhythm? Silent for more than three times their usual gap
-- Asked by: account managers
-- client: Client with orders on five days or more
-- usual_gap_days: Median of days between two days with an order
-- days_since: Days since the last one
-- revenue: Net revenue of the last 365 days
WITH
    (SELECT today FROM workspace) AS today,
    rhythms AS
    (
        SELECT client_id, arraySort(groupUniqArray(day)) AS days
        FROM order_movements
        WHERE type = 'order.placed' AND client_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY client_id
        HAVING length(days) >= 5
    ),
    gaps AS
    (
        SELECT client_id, arraySort(arrayPopFront(arrayDifference(arrayMap(d -> toInt32(d), days)))) AS gaps, dateDiff('day', days[-1], today) AS days_since
        FROM rhythms
    )
SELECT c.name AS client, g.gaps[intDiv(length(g.gaps) + 1, 2)] AS usual_gap_days, g.days_since AS days_since, toFloat64(c.revenue_365d) AS revenue
FROM gaps AS g
INNER JOIN clients AS c ON c.client_id = g.client_id
WHERE days_since > 3 * usual_gap_days AND usual_gap_days > 0
ORDER BY revenue DESC, client
LIMIT 20
