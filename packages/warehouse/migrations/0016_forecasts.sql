-- Both are written by services/signals alone. Forecasts come first, the row of their model last: as long as that row
-- is missing, the forecasts of a day are not complete.
CREATE TABLE client_forecasts_log
(
    client_id UUID COMMENT 'Client as it was then',
    month Date COMMENT 'First day of as_of''s month: the newest forecast of a month is kept',
    as_of Date COMMENT 'Last day whose orders were looked at',
    version UInt32 COMMENT 'Fit that made it: churn_models.version',
    model LowCardinality(String) COMMENT 'MBG/CNBD-k or Pareto/NBD',
    order_days UInt32 COMMENT 'Days with an order',
    last_order_day Date COMMENT 'Newest of them',
    p_alive Float64 COMMENT 'P(alive): probability that the client has not left for good',
    caution LowCardinality(String) COMMENT 'Why p_alive can''t be trusted: one_purchase, nobody_leaves, or empty',
    expected_orders Float64 COMMENT 'Order days expected within 365 days',
    orders_low UInt32 COMMENT 'With orders_high: what holds them with a probability of 80 % at least',
    orders_high UInt32 COMMENT 'See orders_low',
    expected_value Nullable(Decimal(18, 2)) COMMENT 'Amount of those orders',
    value_low Nullable(Decimal(18, 2)) COMMENT 'With value_high: what holds it with a probability of 80 %',
    value_high Nullable(Decimal(18, 2)) COMMENT 'See value_low',
    order_value Nullable(Decimal(18, 2)) COMMENT 'Expected amount of an order day',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    usual_gaps Float64 COMMENT 'Time since the last order in usual gaps of the client, of all clients where it ordered on one day',
    forecast_at DateTime64(3, 'UTC') COMMENT 'When it was made'
)
ENGINE = ReplacingMergeTree(forecast_at)
ORDER BY (client_id, month)
COMMENT 'What each client is expected to order, the newest of each month';

CREATE TABLE churn_models_log
(
    as_of Date COMMENT 'Last day whose orders were looked at',
    segment LowCardinality(String) COMMENT 'Clients that it is for; empty for all',
    version UInt32 COMMENT 'Number of the fit, from 1',
    model LowCardinality(String) COMMENT 'MBG/CNBD-k or Pareto/NBD; none where too few clients bought twice',
    k UInt8 COMMENT 'Regularity, 1 is at random; 0 for other models',
    parameters String COMMENT 'Parameters by name, in weeks, as JSON',
    spend_parameters String COMMENT 'Parameters of the gamma-gamma model of amounts, as JSON; empty where amounts are unknown',
    log_likelihood Float64 COMMENT 'Of the model of orders',
    clients UInt64 COMMENT 'Clients with an order',
    repeat_buyers UInt64 COMMENT 'Clients with two order days or more',
    reason String COMMENT 'Why this model',
    fitted_at DateTime64(3, 'UTC') COMMENT 'When'
)
ENGINE = ReplacingMergeTree(fitted_at)
ORDER BY (as_of, segment)
COMMENT 'Fits of the models of leaving, one a day';
