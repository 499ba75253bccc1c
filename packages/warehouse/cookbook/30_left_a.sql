-- Who was in A thirty days ago and is no longer?
-- Asked by: head of key accounts
-- client: Client
-- to_class: Its class today, empty where it is no longer in the portfolio
-- revenue_before: Net revenue of the 12 months up to then
-- revenue: Net revenue of the 12 months up to today
SELECT name AS client, to_class, toFloat64(value_before) AS revenue_before, toFloat64(value) AS revenue
FROM portfolio_moves(since = (SELECT today - 30 FROM workspace))
WHERE measure = 'abc' AND from_class = 'A'
ORDER BY revenue_before DESC, client
