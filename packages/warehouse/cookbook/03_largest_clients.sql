-- Who are our largest clients, and what share of revenue is each?
-- Asked by: head of key accounts
-- name: Client
-- revenue: Net revenue of the last 365 days, in the workspace's currency
-- share: Its share of all, 0 to 1
-- share_so_far: Share of this client and all larger ones
SELECT
    name,
    toFloat64(revenue_365d) AS revenue,
    round(toFloat64(revenue_365d) / toFloat64(sum(revenue_365d) OVER ()), 4) AS share,
    round(toFloat64(sum(revenue_365d) OVER (ORDER BY revenue_365d DESC, name ROWS UNBOUNDED PRECEDING)) / toFloat64(sum(revenue_365d) OVER ()), 4) AS share_so_far
FROM clients
WHERE revenue_365d > 0
ORDER BY revenue DESC, name
LIMIT 20
