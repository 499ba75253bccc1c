-- Which valuable clients sleep? Whom to win back first
-- Asked by: account managers
-- client: Client without an order for 90 days
-- revenue: Net revenue ever
-- orders: Orders ever
-- last_order: Day of the last order
-- days: Days since then
WITH (SELECT today FROM workspace) AS today
SELECT name AS client, toFloat64(revenue_net) AS revenue, orders, toDate(last_order) AS last_order, dateDiff('day', toDate(clients.last_order), today) AS days
FROM clients
WHERE orders > 0 AND toDate(clients.last_order) < today - 90
ORDER BY revenue DESC, client
LIMIT 20
