-- Which products bring most, and to how many clients?
-- Asked by: sales, purchasing
-- sku: Product
-- name: Name
-- revenue: Net revenue of the last 365 days
-- share: Share of all products, 0 to 1
-- clients: Clients who ever ordered it
SELECT sku, name, toFloat64(revenue_365d) AS revenue, round(revenue / toFloat64(sum(revenue_365d) OVER ()), 4) AS share, clients
FROM products
ORDER BY revenue DESC, sku
LIMIT 20
