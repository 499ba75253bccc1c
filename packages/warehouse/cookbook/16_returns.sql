-- Which products come back most?
-- Asked by: purchasing, sales
-- sku: Product
-- sold: Amount ordered
-- returned: Amount cancelled or given back
-- share: The second divided by the first
SELECT sku, toFloat64(revenue_gross) AS sold, toFloat64(revenue_gross - revenue_net) AS returned, round(returned / sold, 4) AS share
FROM products
WHERE revenue_gross >= 1000
ORDER BY share DESC, sku
LIMIT 20
