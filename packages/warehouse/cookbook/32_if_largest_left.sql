-- What if our largest client left? The coming 12 months as the last ones were, with and without it
-- Asked by: board, finance
-- client: The largest client by net revenue of the last 12 months
-- revenue: Net revenue that is expected of all in the coming 12 months
-- revenue_lost: Its part of it
-- share_lost: The second divided by the first
SELECT
    (SELECT name FROM portfolio WHERE place = 1) AS client,
    toFloat64(sum(w.revenue)) AS revenue,
    toFloat64(sum(w.revenue_lost)) AS revenue_lost,
    round(revenue_lost / revenue, 4) AS share_lost
FROM portfolio_without(clients = [(SELECT client_id FROM portfolio WHERE place = 1)]) AS w
