-- Which products are bought together?
-- Asked by: sales, marketing
-- first: Product
-- second: Product bought with it
-- orders: Orders of the last 90 days with both
-- of_first: Share of the orders with the first that also had the second, 0 to 1
WITH
    (SELECT today FROM workspace) AS today,
    -- Of the 200 products that are in most orders; pairs of rare ones say little and cost much.
    baskets AS
    (
        SELECT order_id, groupUniqArray(sku) AS skus
        FROM order_items
        WHERE type = 'order.placed' AND day > today - 90 AND sku IN
        (
            SELECT sku FROM order_items WHERE type = 'order.placed' AND day > today - 90
            GROUP BY sku ORDER BY uniqExact(order_id) DESC, sku LIMIT 200
        )
        GROUP BY order_id
    ),
    pairs AS
    (
        SELECT first, second, count() AS orders
        FROM baskets ARRAY JOIN skus AS first
        ARRAY JOIN skus AS second
        WHERE first < second
        GROUP BY first, second
    ),
    singles AS (SELECT sku, count() AS orders FROM baskets ARRAY JOIN skus AS sku GROUP BY sku)
SELECT p.first AS first, p.second AS second, p.orders AS orders, round(p.orders / s.orders, 4) AS of_first
FROM pairs AS p
INNER JOIN singles AS s ON s.sku = p.first
ORDER BY orders DESC, first, second
LIMIT 20
