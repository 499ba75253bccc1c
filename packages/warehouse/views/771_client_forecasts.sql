-- What each client is expected to order within a year, by the newest fit
-- client_id: Client now
-- as_of: Last day whose orders were looked at
-- p_alive: P(alive): probability that the client has not left for good, 0 to 1
-- caution: Why p_alive can't be trusted: one_purchase (it says what becomes of such clients, not of this one) or nobody_leaves (of all clients hardly one was seen leaving); empty where it can
-- p_order: Probability of an order within the 365 days after as_of
-- expected_orders: Days with an order expected in the 365 days after as_of
-- orders_low: With orders_high: what holds them with a probability of 80 % at least
-- orders_high: See orders_low
-- expected_value: Amount of those orders in the workspace's currency, before returns; NULL where amounts are unknown or too scattered for a mean
-- value_low: With value_high: what holds that amount with a probability of 80 %
-- value_high: See value_low
-- order_value: Expected amount of a day with an order
-- currency: The workspace's currency
-- usual_gaps: Plain rule beside the model: time since the last order in usual (mean) gaps of the client; of all clients where it ordered on one day
-- order_days: Days with an order
-- last_order_day: Newest of them
-- model: Model that made it
-- version: Fit that made it: churn_models.version
-- segment: Whose fit: churn_models.segment; empty for that of all clients
-- forecast_at: When it was made (UTC)
SELECT
    client_id,
    newest.1 AS as_of,
    newest.3 AS p_alive,
    newest.19 AS p_order,
    toString(newest.4) AS caution,
    newest.5 AS expected_orders,
    newest.6 AS orders_low,
    newest.7 AS orders_high,
    newest.8 AS expected_value,
    newest.9 AS value_low,
    newest.10 AS value_high,
    newest.11 AS order_value,
    toString(newest.12) AS currency,
    newest.13 AS usual_gaps,
    newest.2 AS order_days,
    newest.14 AS last_order_day,
    toString(newest.15) AS model,
    newest.16 AS version,
    newest.18 AS segment,
    newest.17 AS forecast_at
FROM
(
    -- Of clients that were joined since then, the one with more orders, until the next fit counts both together.
    SELECT
        {{client_of f.forecast_key}} AS client_id,
        argMax((f.as_of, f.order_days, f.p_alive, f.caution, f.expected_orders, f.orders_low, f.orders_high, f.expected_value, f.value_low, f.value_high, f.order_value, f.currency, f.usual_gaps, f.last_order_day, f.model, f.version, f.forecast_at, toString(f.segment), f.p_order), (f.as_of, f.order_days, f.forecast_at)) AS newest
    FROM
    (
        SELECT client_id AS forecast_key, * EXCEPT client_id
        FROM client_forecasts_log
        WHERE as_of >= (SELECT max(as_of) FROM churn_models_log WHERE model != 'none')
    ) AS f
    {{join_client_of f.forecast_key}}
    GROUP BY client_id
)
