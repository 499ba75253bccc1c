-- Formerly 87efac6c0087f14db0e2338e6c82f92c3fc4bebe0adfe0e21021578658a4cc44: with granules of 8,192 rows, of which a client needs few. Stores made by it stay so: as right, slower to look up.
CREATE TABLE activity_daily
(
    client_key UUID COMMENT 'Leaf key of the client; resolve it through identity_map',
    contact_key UUID COMMENT 'Leaf key of the contact',
    day Date COMMENT 'Day in the workspace''s time zone',
    kind LowCardinality(String) COMMENT 'email, web, call, order or identity',
    type LowCardinality(String) COMMENT 'What happened',
    source LowCardinality(String) COMMENT 'Source of the events',
    events SimpleAggregateFunction(sum, UInt64) COMMENT 'Number of events',
    active SimpleAggregateFunction(sum, UInt64) COMMENT 'Number of events that are the client''s activity',
    duration_seconds SimpleAggregateFunction(sum, UInt64) COMMENT 'Seconds of calls',
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'First event of the day',
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'Last event of the day'
)
ENGINE = AggregatingMergeTree
ORDER BY (client_key, contact_key, day, kind, type, source)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Events a day by leaf key, kind, type and source';

CREATE MATERIALIZED VIEW feed_activity_daily TO activity_daily AS
SELECT
    client_key,
    contact_key,
    toDate(occurred_at, '{{timezone}}') AS day,
    kind,
    type,
    source,
    count() AS events,
    countIf(activity) AS active,
    sum(duration_seconds) AS duration_seconds,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at
FROM events
GROUP BY client_key, contact_key, day, kind, type, source;

CREATE TABLE revenue_daily
(
    client_key UUID COMMENT 'Leaf key of the client',
    day Date COMMENT 'Day in the workspace''s time zone',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    orders SimpleAggregateFunction(sum, UInt64) COMMENT 'Orders placed',
    gross SimpleAggregateFunction(sum, Decimal(38, 4)) COMMENT 'Amount of orders placed',
    returned SimpleAggregateFunction(sum, Decimal(38, 4)) COMMENT 'Amount of cancellations and refunds'
)
ENGINE = AggregatingMergeTree
ORDER BY (client_key, day, currency)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Revenue a day by leaf key and currency';

CREATE MATERIALIZED VIEW feed_revenue_daily TO revenue_daily AS
SELECT
    client_key,
    toDate(occurred_at, '{{timezone}}') AS day,
    currency,
    countIf(revenue_sign > 0) AS orders,
    sumIf(amount, revenue_sign > 0) AS gross,
    sumIf(amount, revenue_sign < 0) AS returned
FROM events
WHERE revenue_sign != 0
GROUP BY client_key, day, currency;

CREATE TABLE order_lines
(
    client_key UUID COMMENT 'Leaf key of the client',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Time of the order' CODEC(Delta, ZSTD(1)),
    order_id String COMMENT 'Order',
    line UInt32 COMMENT 'Number of the line in its event, from 1',
    type LowCardinality(String) COMMENT 'order.placed, order.cancelled or order.refunded',
    sku String COMMENT 'Product',
    name String COMMENT 'Name of the product' CODEC(ZSTD(1)),
    category LowCardinality(String) COMMENT 'Product group',
    quantity Decimal(18, 4) COMMENT 'Pieces, negative where they came back or were cancelled',
    unit_price Decimal(18, 4) COMMENT 'Price of one in currency',
    amount Decimal(38, 4) COMMENT 'quantity x unit_price, negative where money goes back',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    source LowCardinality(String) COMMENT 'Source of the order',
    event_id String COMMENT 'Event that carried it' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (client_key, occurred_at, order_id, line)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Items of orders, cancellations and refunds';

CREATE MATERIALIZED VIEW feed_order_lines TO order_lines AS
SELECT
    client_key,
    occurred_at,
    order_id,
    line,
    type,
    item.sku AS sku,
    item.name AS name,
    item.category AS category,
    toDecimal64(item.quantity * revenue_sign, 4) AS quantity,
    item.unit_price AS unit_price,
    CAST(item.quantity * item.unit_price * revenue_sign AS Decimal(38, 4)) AS amount,
    currency,
    source,
    event_id
FROM events
ARRAY JOIN items AS item, arrayEnumerate(items) AS line
WHERE revenue_sign != 0;

CREATE TABLE source_hourly
(
    source LowCardinality(String) COMMENT 'Source',
    kind LowCardinality(String) COMMENT 'Kind of event',
    hour DateTime('UTC') COMMENT 'Hour in which the events happened',
    events SimpleAggregateFunction(sum, UInt64) COMMENT 'Number of events',
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'Last event',
    last_received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'Last arrival in Kafka'
)
ENGINE = AggregatingMergeTree
ORDER BY (source, kind, hour)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Events an hour by source: how outages of a source are told from silence of a client';

CREATE MATERIALIZED VIEW feed_source_hourly TO source_hourly AS
SELECT
    source,
    kind,
    toStartOfHour(toDateTime(occurred_at, 'UTC')) AS hour,
    count() AS events,
    max(occurred_at) AS last_at,
    max(received_at) AS last_received_at
FROM events
GROUP BY source, kind, hour;
