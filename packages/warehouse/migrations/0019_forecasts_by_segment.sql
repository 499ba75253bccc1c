ALTER TABLE client_forecasts_log
    ADD COLUMN segment LowCardinality(String) COMMENT 'Whose fit made it: churn_models.segment; empty for that of all clients' AFTER version,
    ADD COLUMN p_order Nullable(Float64) COMMENT 'Probability of an order within 365 days' AFTER p_alive;
