-- Items of sales and of what came back, a row each, by leaf key; order_items says whose they are
-- client_key: Leaf key of the client; resolve it through identity_map
-- occurred_at: When (UTC)
-- order_id: Order
-- line: Number of the line in its order, from 1
-- type: order.placed, order.cancelled or order.refunded
-- sku: Product
-- name: Name of the product
-- category: Product group
-- quantity: Pieces, negative where they came back
-- unit_price: Price of one
-- amount: quantity x unit_price
-- currency: ISO 4217 code
-- source: Source
SELECT
    o.client_key AS client_key,
    l.at AS occurred_at,
    o.order_id AS order_id,
    toUInt32(number) AS line,
    concat('order.', l.kind) AS type,
    l.sku AS sku,
    l.name AS name,
    l.category AS category,
    l.quantity AS quantity,
    l.unit_price AS unit_price,
    l.amount AS amount,
    o.currency AS currency,
    o.source AS source
FROM client_orders AS o FINAL
ARRAY JOIN lines AS l, arrayEnumerate(lines) AS number
WHERE NOT o.gone
