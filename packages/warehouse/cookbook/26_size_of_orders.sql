-- How large are orders?
-- Asked by: sales
-- at_least: Orders of this amount or more …
-- below: … and less than this one; NULL for no limit
-- orders: Orders placed in the last 365 days
-- revenue: Their amount
WITH (SELECT today FROM workspace) AS today, arrayJoin([(0, 50), (50, 100), (100, 250), (250, 500), (500, 1000), (1000, 5000), (5000, NULL)]) AS bucket
SELECT
    bucket.1 AS at_least,
    bucket.2 AS below,
    countIf(amount >= at_least AND (below IS NULL OR amount < below)) AS orders,
    toFloat64(sumIf(amount, amount >= at_least AND (below IS NULL OR amount < below))) AS revenue
FROM order_movements
WHERE type = 'order.placed' AND day > today - 365
GROUP BY bucket
ORDER BY at_least
