-- Where are we losing? Clients whose revenue fell most, compared with the 90 days before
-- Asked by: head of key accounts
-- client: Client
-- before: Net revenue of the 90 days before the last 90
-- now: Net revenue of the last 90 days
-- change: Difference
-- orders_now: Orders placed in the last 90 days
WITH (SELECT today FROM workspace) AS today
SELECT
    c.name AS client,
    toFloat64(sumIf(o.amount, o.day <= today - 90)) AS before,
    toFloat64(sumIf(o.amount, o.day > today - 90)) AS now,
    round(now - before, 2) AS change,
    countIf(o.type = 'order.placed' AND o.day > today - 90) AS orders_now
FROM order_movements AS o
INNER JOIN clients AS c ON c.client_id = o.client_id
WHERE o.day > today - 180
GROUP BY client
ORDER BY change, client
LIMIT 20
