-- How does revenue develop month by month, and how many clients are new?
-- Asked by: board
-- month: Month
-- orders: Orders placed
-- gross: Amount of these
-- net: The same less cancellations and refunds of the month
-- clients: Clients who ordered
-- new_clients: Of these, for the first time
WITH
    firsts AS
    (
        SELECT client_id, min(toStartOfMonth(day)) AS month
        FROM order_movements
        WHERE type = 'order.placed' AND client_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY client_id
    )
SELECT
    toStartOfMonth(o.day) AS month,
    countIf(o.type = 'order.placed') AS orders,
    toFloat64(sumIf(o.amount, o.type = 'order.placed')) AS gross,
    toFloat64(sum(o.amount)) AS net,
    uniqExactIf(o.client_id, o.type = 'order.placed' AND o.client_id != toUUID('00000000-0000-0000-0000-000000000000')) AS clients,
    uniqExactIf(o.client_id, o.type = 'order.placed' AND o.client_id != toUUID('00000000-0000-0000-0000-000000000000') AND f.month = toStartOfMonth(o.day)) AS new_clients
FROM order_movements AS o
LEFT JOIN firsts AS f ON f.client_id = o.client_id
GROUP BY month
ORDER BY month
