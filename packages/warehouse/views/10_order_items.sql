-- Items of orders, cancellations and refunds, a row each
-- client_id: Client now, all zeros where unknown
-- order_id: Order
-- line: Number of the line, from 1
-- occurred_at: When (UTC)
-- local_time: The same moment on the clocks of the workspace
-- day: The same as a day in the workspace's time zone
-- type: order.placed, order.cancelled or order.refunded
-- sku: Product
-- name: Name of the product
-- category: Product group
-- quantity: Pieces, negative where they came back
-- unit_price: Price of one
-- amount: quantity x unit_price
-- currency: ISO 4217 code
-- amount_here: Amount in the workspace's currency, by the rate of its day; NULL where no rate is known
-- source: Source
SELECT
    {{client_id l}} AS client_id,
    l.order_id AS order_id,
    l.line AS line,
    l.occurred_at AS occurred_at,
    toTimeZone(l.occurred_at, '{{timezone}}') AS local_time,
    toDate(l.occurred_at, '{{timezone}}') AS day,
    l.type AS type,
    l.sku AS sku,
    l.name AS name,
    l.category AS category,
    l.quantity AS quantity,
    l.unit_price AS unit_price,
    l.amount AS amount,
    l.currency AS currency,
    multiIf(l.currency = '{{currency}}', toNullable(CAST(l.amount AS Decimal(38, 4))),
        r.rate > 0 AND toDate(l.occurred_at, '{{timezone}}') - r.day <= (SELECT rate_days FROM profile_settings), toNullable(CAST(round(l.amount * r.rate, 4) AS Decimal(38, 4))), NULL) AS amount_here,
    l.source AS source
FROM order_lines AS l
{{join_clients l}}
ASOF LEFT JOIN rates_here AS r ON r.currency = l.currency AND r.day <= toDate(l.occurred_at, '{{timezone}}')
