-- The newest forecast of each client in each month, to see later whether it was right
-- client_id: Client now
-- month: First day of the month
-- as_of: Last day whose orders were looked at
-- p_alive: P(alive) at that time: see client_forecasts
-- expected_orders: Days with an order that were expected in the 365 days after as_of
-- orders_low: With orders_high: what was to hold them with a probability of 80 % at least
-- orders_high: See orders_low
-- expected_value: Amount of those orders in the workspace's currency; NULL where amounts were unknown
-- value_low: With value_high: what was to hold that amount with a probability of 80 %
-- value_high: See value_low
-- version: Fit that made it: churn_models.version
SELECT
    client_id,
    month,
    newest.1 AS as_of,
    newest.3 AS p_alive,
    newest.4 AS expected_orders,
    newest.5 AS orders_low,
    newest.6 AS orders_high,
    newest.7 AS expected_value,
    newest.8 AS value_low,
    newest.9 AS value_high,
    newest.10 AS version
FROM
(
    -- Of clients that were joined since then, the one with more orders.
    SELECT
        {{client_of f.forecast_key}} AS client_id,
        f.month AS month,
        argMax((f.as_of, f.order_days, f.p_alive, f.expected_orders, f.orders_low, f.orders_high, f.expected_value, f.value_low, f.value_high, f.version), (f.as_of, f.order_days, f.forecast_at)) AS newest
    FROM (SELECT client_id AS forecast_key, * EXCEPT client_id FROM client_forecasts_log) AS f
    {{join_client_of f.forecast_key}}
    GROUP BY client_id, month
)
