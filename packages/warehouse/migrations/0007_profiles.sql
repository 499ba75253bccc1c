-- Formerly 616176b3ebe8a8cd1668dcc8021eb6e14892e280025bc0b340a2a90ea699c2c7: with granules of 1,024 rows in client_totals.
CREATE TABLE exchange_rates
(
    day Date COMMENT 'Day that the rate was published for',
    currency LowCardinality(String) COMMENT 'ISO 4217 code; EUR itself has 1 on every day',
    per_euro Decimal(18, 8) COMMENT 'So much of the currency is one euro',
    loaded_at DateTime64(3, 'UTC') COMMENT 'When it was loaded; the newest counts'
)
ENGINE = ReplacingMergeTree(loaded_at)
ORDER BY (currency, day)
COMMENT 'Reference rates of the European Central Bank, by npm run rates';

CREATE TABLE written_fields
(
    subject_key UUID COMMENT 'Leaf key of the client or contact, so that what was written follows merges and unmerges',
    subject LowCardinality(String) COMMENT 'client or contact',
    field LowCardinality(String) COMMENT 'Name of the field',
    since DateTime64(3, 'UTC') COMMENT 'From when it holds; when it was written, unless somebody said otherwise',
    value String COMMENT 'Value as JSON; null takes it away',
    who String COMMENT 'Who wrote it',
    written_at DateTime64(3, 'UTC') COMMENT 'When it was written'
)
ENGINE = MergeTree
ORDER BY (subject_key, field, written_at)
COMMENT 'Fields of the dossier that people wrote, append only';

CREATE TABLE product_costs
(
    sku String COMMENT 'Product',
    since Date COMMENT 'From this day on',
    unit_cost Decimal(18, 4) COMMENT 'Cost of one piece, in the workspace''s currency',
    who String COMMENT 'Who wrote it',
    written_at DateTime64(3, 'UTC') COMMENT 'When it was written; the newest counts'
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY (sku, since)
COMMENT 'What products cost, by day: margins are made of it';

CREATE TABLE client_totals
(
    client_key UUID COMMENT 'Leaf key of the client',
    events SimpleAggregateFunction(sum, UInt64) COMMENT 'Number of events',
    emails SimpleAggregateFunction(sum, UInt64) COMMENT 'Acts by mail',
    web_visits SimpleAggregateFunction(sum, UInt64) COMMENT 'Acts on the web',
    calls SimpleAggregateFunction(sum, UInt64) COMMENT 'Acts by phone',
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'First event',
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'Last event',
    last_received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'Last arrival in Kafka',
    last_active_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Last act',
    first_email SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'First act by mail',
    last_email SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Last act by mail',
    first_web SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'First act on the web',
    last_web SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Last act on the web',
    first_call SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'First act by phone',
    last_call SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Last act by phone',
    first_order SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'First order placed',
    last_order SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Last order placed'
)
ENGINE = AggregatingMergeTree
ORDER BY client_key
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256
COMMENT 'All times together, one row a leaf key: what lists of clients show without reading every day';

CREATE MATERIALIZED VIEW feed_client_totals TO client_totals AS
SELECT
    client_key,
    count() AS events,
    countIf(activity AND kind = 'email') AS emails,
    countIf(activity AND kind = 'web') AS web_visits,
    countIf(activity AND kind = 'call') AS calls,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at,
    max(received_at) AS last_received_at,
    maxIf(toNullable(occurred_at), activity) AS last_active_at,
    minIf(toNullable(occurred_at), activity AND kind = 'email') AS first_email,
    maxIf(toNullable(occurred_at), activity AND kind = 'email') AS last_email,
    minIf(toNullable(occurred_at), activity AND kind = 'web') AS first_web,
    maxIf(toNullable(occurred_at), activity AND kind = 'web') AS last_web,
    minIf(toNullable(occurred_at), activity AND kind = 'call') AS first_call,
    maxIf(toNullable(occurred_at), activity AND kind = 'call') AS last_call,
    minIf(toNullable(occurred_at), type = 'order.placed') AS first_order,
    maxIf(toNullable(occurred_at), type = 'order.placed') AS last_order
FROM events
GROUP BY client_key;

-- Filled from what is there. Emptied before, so that a migration that was cut off may be repeated; it runs before the
-- services start.
TRUNCATE TABLE client_totals;

INSERT INTO client_totals
SELECT
    client_key,
    count() AS events,
    countIf(activity AND kind = 'email') AS emails,
    countIf(activity AND kind = 'web') AS web_visits,
    countIf(activity AND kind = 'call') AS calls,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at,
    max(received_at) AS last_received_at,
    maxIf(toNullable(occurred_at), activity) AS last_active_at,
    minIf(toNullable(occurred_at), activity AND kind = 'email') AS first_email,
    maxIf(toNullable(occurred_at), activity AND kind = 'email') AS last_email,
    minIf(toNullable(occurred_at), activity AND kind = 'web') AS first_web,
    maxIf(toNullable(occurred_at), activity AND kind = 'web') AS last_web,
    minIf(toNullable(occurred_at), activity AND kind = 'call') AS first_call,
    maxIf(toNullable(occurred_at), activity AND kind = 'call') AS last_call,
    minIf(toNullable(occurred_at), type = 'order.placed') AS first_order,
    maxIf(toNullable(occurred_at), type = 'order.placed') AS last_order
FROM events
GROUP BY client_key
SETTINGS optimize_aggregation_in_order = 1;
