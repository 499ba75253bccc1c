-- One row a product: what it is called, what it brought, to how many, since when
-- sku: Product
-- name: The newest name that an order gave it
-- names: All names that orders gave it
-- category: The newest group that an order gave it
-- clients: Clients who ordered it
-- orders: Orders with it
-- quantity_sold: Pieces ordered
-- quantity_returned: Pieces that came back or were cancelled
-- revenue_gross: Amount ordered, in the workspace's currency
-- revenue_net: The same less cancellations and refunds
-- revenue_365d: Net revenue of the last 365 days
-- currency: The workspace's currency
-- other_currencies: Currencies of amounts that are not in the sums above
-- first_sold: First order (UTC); NULL where it was only returned
-- last_sold: Last order (UTC); NULL where it was only returned
SELECT
    l.sku AS sku,
    -- Stock that is written off carries notes in the name's place, such as "damaged".
    if(
        countIf(l.name != '' AND l.type = 'order.placed') > 0,
        argMaxIf(l.name, l.occurred_at, l.name != '' AND l.type = 'order.placed'),
        argMaxIf(l.name, l.occurred_at, l.name != '')) AS name,
    groupUniqArrayIf(l.name, l.name != '') AS names,
    argMaxIf(l.category, l.occurred_at, l.category != '') AS category,
    uniqExactIf(l.client_id, l.type = 'order.placed' AND l.client_id != toUUID('00000000-0000-0000-0000-000000000000')) AS clients,
    uniqExactIf((l.source, l.order_id), l.type = 'order.placed') AS orders,
    sumIf(l.quantity, l.type = 'order.placed') AS quantity_sold,
    -sumIf(l.quantity, l.type != 'order.placed') AS quantity_returned,
    sumIf(l.amount, l.type = 'order.placed' AND l.currency = '{{currency}}') AS revenue_gross,
    sumIf(l.amount, l.currency = '{{currency}}') AS revenue_net,
    sumIf(l.amount, l.currency = '{{currency}}' AND l.day > toDate(now('{{timezone}}')) - 365) AS revenue_365d,
    '{{currency}}' AS currency,
    groupUniqArrayIf(l.currency, l.currency != '{{currency}}') AS other_currencies,
    minOrNullIf(l.occurred_at, l.type = 'order.placed') AS first_sold,
    maxOrNullIf(l.occurred_at, l.type = 'order.placed') AS last_sold
FROM order_items AS l
GROUP BY sku
