-- Days with orders come of what became of them, as revenue does: an order that failed is none, and a sale that is known
-- by its invoice or its payment alone is one. So revenue by day says from which source, and when.
DROP VIEW IF EXISTS feed_revenue_daily SYNC;

DROP TABLE IF EXISTS revenue_daily SYNC;

CREATE TABLE revenue_daily
(
    client_key UUID COMMENT 'Leaf key of the client',
    day Date COMMENT 'Day in the workspace''s time zone',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    source LowCardinality(String) COMMENT 'Source of the orders',
    orders SimpleAggregateFunction(sum, Int64) COMMENT 'Sales; -1 in a row that takes one back',
    gross SimpleAggregateFunction(sum, Decimal(38, 4)) COMMENT 'Amount of sales',
    returned SimpleAggregateFunction(sum, Decimal(38, 4)) COMMENT 'Amount of cancellations, refunds and lost disputes',
    first_order SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'First sale of the day; says nothing where all of them were taken back',
    last_order SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Last sale of the day; says nothing where all of them were taken back'
)
ENGINE = AggregatingMergeTree
ORDER BY (client_key, day, currency, source)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024, min_compress_block_size = 4096, merge_selector_base = 2
COMMENT 'Revenue a day by leaf key, currency and source: sum it, a row may take back what another says';

CREATE MATERIALIZED VIEW feed_revenue_daily TO revenue_daily AS
SELECT
    change.client_key AS client_key,
    toDate(change.at, '{{timezone}}') AS day,
    change.currency AS currency,
    source,
    sum(change.orders) AS orders,
    sum(change.gross) AS gross,
    sum(change.returned) AS returned,
    minIf(toNullable(change.at), change.orders > 0) AS first_order,
    maxIf(toNullable(change.at), change.orders > 0) AS last_order
FROM order_documents
ARRAY JOIN changes AS change
GROUP BY client_key, day, currency, source;

-- Emptied before, so that a migration that was cut off may be repeated; it runs before the services start.
TRUNCATE TABLE revenue_daily;

INSERT INTO revenue_daily
SELECT
    client_key,
    toDate(moved.at, '{{timezone}}') AS day,
    moved.currency AS currency,
    source,
    sum(toInt64(moved.orders)) AS orders,
    sum(moved.gross) AS gross,
    sum(moved.returned) AS returned,
    minIf(toNullable(moved.at), moved.orders > 0) AS first_order,
    maxIf(toNullable(moved.at), moved.orders > 0) AS last_order
FROM order_documents FINAL
ARRAY JOIN movements AS moved
GROUP BY client_key, day, currency, source;

-- A payment that names its order or invoice is found by that, for what went back of it is revenue as far as that is.
DROP VIEW IF EXISTS feed_order_payers SYNC;

CREATE MATERIALIZED VIEW feed_order_payers TO order_payers AS
SELECT source, tie.1 AS payer, tie.2 AS amount, tie.3 AS currency, order_id
FROM
(
    SELECT
        source,
        order_id,
        arrayFilter(one -> one.1 NOT IN ('', 'part of '), [
            (JSONExtractString(properties, 'payer'), amount, toString(currency)),
            (concat('part of ', JSONExtractString(properties, 'part_of')), toDecimal64(0, 4), '')
        ]) AS ties
    FROM events
    WHERE kind = 'order' AND order_id != '' AND (position(properties, '"payer"') > 0 OR position(properties, '"part_of"') > 0)
)
ARRAY JOIN ties AS tie;

TRUNCATE TABLE order_payers;

INSERT INTO order_payers
SELECT source, tie.1 AS payer, tie.2 AS amount, tie.3 AS currency, order_id
FROM
(
    SELECT
        source,
        order_id,
        arrayFilter(one -> one.1 NOT IN ('', 'part of '), [
            (JSONExtractString(properties, 'payer'), amount, toString(currency)),
            (concat('part of ', JSONExtractString(properties, 'part_of')), toDecimal64(0, 4), '')
        ]) AS ties
    FROM events
    WHERE kind = 'order' AND order_id != '' AND (position(properties, '"payer"') > 0 OR position(properties, '"part_of"') > 0)
)
ARRAY JOIN ties AS tie;
