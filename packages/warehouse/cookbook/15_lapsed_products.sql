-- Which products did a client buy regularly and no longer buys?
-- Asked by: account managers: often the competitor's foot in the door
-- client: Client with an order in the last 60 days
-- sku: Product
-- orders: Orders with it, five or more
-- usual_gap_days: Days between them, on average
-- days_since: Days since the last one, more than three times as long
-- revenue: Its net revenue with this client
WITH (SELECT today FROM workspace) AS today
SELECT
    c.name AS client,
    p.sku AS sku,
    p.orders AS orders,
    round(p.usual_gap_days, 1) AS usual_gap_days,
    p.days_since AS days_since,
    toFloat64(p.revenue_net) AS revenue
FROM product_purchases AS p
INNER JOIN clients AS c ON c.client_id = p.client_id
WHERE p.orders >= 5 AND p.usual_gap_days >= 1 AND p.days_since > 3 * p.usual_gap_days AND toDate(c.last_order) >= today - 60
ORDER BY revenue DESC, client, sku
LIMIT 20
