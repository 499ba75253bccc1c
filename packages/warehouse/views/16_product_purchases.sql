-- One row a client and product: what a client buys, how often, and since when no more
-- client_id: Client now
-- sku: Product
-- name: The newest name that an order gave it
-- orders: Orders of the client with it
-- quantity_net: Pieces ordered less those that came back
-- revenue_net: Amount ordered less cancellations and refunds, in the workspace's currency
-- currency: The workspace's currency
-- first_bought: First order of it (UTC)
-- last_bought: Last order of it (UTC)
-- usual_gap_days: Days between two orders of it, on average; NULL before the second
-- days_since: Whole days since the last order of it, in the workspace's time zone
SELECT
    l.client_id AS client_id,
    l.sku AS sku,
    argMaxIf(l.name, l.occurred_at, l.name != '' AND l.type = 'order.placed') AS name,
    uniqExactIf((l.source, l.order_id), l.type = 'order.placed') AS orders,
    sum(l.quantity) AS quantity_net,
    sumIf(l.amount, l.currency = '{{currency}}') AS revenue_net,
    '{{currency}}' AS currency,
    minIf(l.occurred_at, l.type = 'order.placed') AS first_bought,
    maxIf(l.occurred_at, l.type = 'order.placed') AS last_bought,
    if(orders > 1, dateDiff('second', first_bought, last_bought) / 86400 / (orders - 1), NULL) AS usual_gap_days,
    dateDiff('day', toDate(last_bought, '{{timezone}}'), toDate(now('{{timezone}}'))) AS days_since
FROM order_items AS l
WHERE l.client_id != toUUID('00000000-0000-0000-0000-000000000000')
GROUP BY client_id, sku
HAVING orders > 0
