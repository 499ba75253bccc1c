-- Who grows? Growth is a signal as well as decline: effort should follow it
-- Asked by: head of key accounts
-- client: Client
-- before: Net revenue of the 90 days before the last 90
-- now: Net revenue of the last 90 days
-- growth: Difference
WITH (SELECT today FROM workspace) AS today
SELECT
    c.name AS client,
    toFloat64(sumIf(o.amount, o.day <= today - 90)) AS before,
    toFloat64(sumIf(o.amount, o.day > today - 90)) AS now,
    round(now - before, 2) AS growth
FROM order_movements AS o
INNER JOIN clients AS c ON c.client_id = o.client_id
WHERE o.day > today - 180
GROUP BY client
HAVING before > 0
ORDER BY growth DESC, client
LIMIT 20
