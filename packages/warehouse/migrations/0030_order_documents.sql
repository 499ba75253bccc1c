-- An order is a document: revenue is made of what its messages say together, not of each message by itself. Ingest settles
-- each order that a message came for (packages/orders) and stores its document; views feed the rest from that. All that is
-- made here comes of `events`: a store that is there is settled anew when ingest starts.
DROP VIEW IF EXISTS feed_revenue_daily SYNC;

DROP VIEW IF EXISTS feed_order_lines SYNC;

DROP TABLE IF EXISTS order_lines SYNC;

DROP TABLE IF EXISTS revenue_daily SYNC;

CREATE TABLE order_messages
(
    source LowCardinality(String) COMMENT 'Source of the message, within which order ids are unique',
    order_id String COMMENT 'Order, or invoice without one, that it is about',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened; of a version, when the order was so' CODEC(Delta, ZSTD(1)),
    event_id String COMMENT 'Id given by the sender' CODEC(ZSTD(1)),
    type LowCardinality(String) COMMENT 'What happened, such as order.updated',
    received_at DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the message' CODEC(Delta, ZSTD(1)),
    client_key UUID COMMENT 'Leaf key of the client that the message names, all zeros where it names none',
    contact_key UUID COMMENT 'Leaf key of the person, all zeros where unknown',
    amount Decimal(18, 4) COMMENT 'Amount that it says; 0 where it says none',
    currency LowCardinality(String) COMMENT 'ISO 4217 code, empty where it says none',
    items Array(Tuple(sku String, name String, category String, quantity Decimal(18, 4), unit_price Decimal(18, 4))) COMMENT 'Lines that it says',
    properties String COMMENT 'All other properties as JSON' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (source, order_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256, min_compress_block_size = 4096
COMMENT 'Messages about orders and invoices, by order';

CREATE MATERIALIZED VIEW feed_order_messages TO order_messages AS
SELECT
    source, order_id, occurred_at, event_id, type, received_at, client_key, contact_key, amount, currency, items, properties
FROM events
WHERE order_id != '' AND kind = 'order';

TRUNCATE TABLE order_messages;

INSERT INTO order_messages
SELECT source, order_id, occurred_at, event_id, type, received_at, client_key, contact_key, amount, currency, items, properties
FROM events
WHERE order_id != '' AND kind = 'order';

CREATE TABLE order_payers
(
    source LowCardinality(String) COMMENT 'Source',
    payer String COMMENT 'Payer''s account at the provider',
    amount Decimal(18, 4) COMMENT 'Amount of the message',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    order_id String COMMENT 'Order or invoice that it is about'
)
ENGINE = ReplacingMergeTree
ORDER BY (source, payer, amount, currency, order_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Which orders and bills a payer has by amount: payments whose bill is not named are found by it';

CREATE MATERIALIZED VIEW feed_order_payers TO order_payers AS
SELECT source, JSONExtractString(properties, 'payer') AS payer, amount, currency, order_id
FROM events
WHERE kind = 'order' AND position(properties, '"payer"') > 0 AND order_id != '';

CREATE TABLE order_documents
(
    source LowCardinality(String) COMMENT 'Source',
    order_id String COMMENT 'Order, or invoice without one',
    version UInt64 COMMENT 'Counts how often it was settled; the newest counts',
    rules LowCardinality(String) COMMENT 'By which rules it was settled',
    digest UInt64 COMMENT 'Of all that it says: settled again to the same, nothing is stored',
    settled_at DateTime64(3, 'UTC') COMMENT 'When',
    client_key UUID COMMENT 'Leaf key of the client that it belongs to, all zeros where nobody says',
    contact_key UUID COMMENT 'Leaf key of the person, all zeros where unknown',
    state LowCardinality(String) COMMENT 'What its sender last called it: draft, pending, authorized, placed, paid, fulfilled, cancelled, refunded, failed, deleted, or unknown',
    counts Bool COMMENT 'Whether it is a sale',
    why String COMMENT 'Why it counts or does not',
    part_of String COMMENT 'Order or invoice in which it is counted, empty where it stands for itself',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    amount Nullable(Decimal(18, 4)) COMMENT 'Grand total now, NULL where nothing says it',
    tax Decimal(18, 4) COMMENT 'Part of the amount',
    shipping Decimal(18, 4) COMMENT 'Part of the amount',
    discount Nullable(Decimal(18, 4)) COMMENT 'Already taken off the amount; NULL where nobody says',
    liability Decimal(18, 4) COMMENT 'Gift cards sold and deposits taken: part of the amount, no revenue',
    refunds_pending Decimal(18, 4) COMMENT 'Refunds that were announced and may still fail',
    placed_at DateTime64(3, 'UTC') COMMENT 'When it was placed',
    paid_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was paid',
    fulfilled_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it left us',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was cancelled or given back as a whole',
    first_at DateTime64(3, 'UTC') COMMENT 'Time of its first message',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of its last message',
    messages UInt32 COMMENT 'Number of messages that it is made of',
    movements Array(Tuple(kind LowCardinality(String), id String, at DateTime64(3, 'UTC'), currency LowCardinality(String), orders Int8, gross Decimal(18, 4), returned Decimal(18, 4))) COMMENT 'What it does to revenue, and when',
    lines Array(Tuple(kind LowCardinality(String), at DateTime64(3, 'UTC'), sku String, name String, category LowCardinality(String), quantity Decimal(18, 4), unit_price Decimal(18, 4), amount Decimal(38, 4))) COMMENT 'Pieces that it moves, negative where they come back',
    bills Array(Tuple(number String, kind LowCardinality(String), state LowCardinality(String), currency LowCardinality(String), amount Decimal(18, 4), credited Decimal(18, 4), paid Decimal(18, 4), issued_at Nullable(DateTime64(3, 'UTC')), due_at Nullable(DateTime64(3, 'UTC')), paid_at Nullable(DateTime64(3, 'UTC')), overdue_at Nullable(DateTime64(3, 'UTC')))) COMMENT 'Its debts',
    story Array(Tuple(at DateTime64(3, 'UTC'), event_id String, type LowCardinality(String), says String, net Decimal(18, 4))) COMMENT 'Its messages by time, what each says and the revenue that they came to with it',
    changes Array(Tuple(client_key UUID, at DateTime64(3, 'UTC'), currency LowCardinality(String), orders Int64, gross Decimal(38, 4), returned Decimal(38, 4))) COMMENT 'What this version changed in revenue',
    owners Array(Tuple(client_key UUID, gone Bool)) COMMENT 'Whose it is with this version, and whose it was before'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, order_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256, min_compress_block_size = 4096
COMMENT 'Orders and invoices as documents, each as its messages say together; to read them by client use client_orders';

CREATE TABLE client_orders
(
    client_key UUID COMMENT 'Leaf key of the client, all zeros where nobody says whose it is; resolve it through identity_map',
    source LowCardinality(String) COMMENT 'Source',
    order_id String COMMENT 'Order, or invoice without one',
    version UInt64 COMMENT 'The newest counts',
    gone Bool COMMENT 'True where it belongs to another client now',
    contact_key UUID COMMENT 'Leaf key of the person, all zeros where unknown',
    state LowCardinality(String) COMMENT 'What its sender last called it',
    counts Bool COMMENT 'Whether it is a sale',
    why String COMMENT 'Why it counts or does not',
    part_of String COMMENT 'Order or invoice in which it is counted',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    amount Nullable(Decimal(18, 4)) COMMENT 'Grand total now, NULL where nothing says it',
    tax Decimal(18, 4) COMMENT 'Part of the amount',
    shipping Decimal(18, 4) COMMENT 'Part of the amount',
    discount Nullable(Decimal(18, 4)) COMMENT 'Already taken off the amount; NULL where nobody says',
    liability Decimal(18, 4) COMMENT 'Gift cards sold and deposits taken: part of the amount, no revenue',
    refunds_pending Decimal(18, 4) COMMENT 'Refunds that were announced and may still fail',
    placed_at DateTime64(3, 'UTC') COMMENT 'When it was placed',
    paid_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was paid',
    fulfilled_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it left us',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was cancelled or given back as a whole',
    first_at DateTime64(3, 'UTC') COMMENT 'Time of its first message',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of its last message',
    messages UInt32 COMMENT 'Number of messages that it is made of',
    movements Array(Tuple(kind LowCardinality(String), id String, at DateTime64(3, 'UTC'), currency LowCardinality(String), orders Int8, gross Decimal(18, 4), returned Decimal(18, 4))) COMMENT 'What it does to revenue, and when',
    lines Array(Tuple(kind LowCardinality(String), at DateTime64(3, 'UTC'), sku String, name String, category LowCardinality(String), quantity Decimal(18, 4), unit_price Decimal(18, 4), amount Decimal(38, 4))) COMMENT 'Pieces that it moves, negative where they come back',
    bills Array(Tuple(number String, kind LowCardinality(String), state LowCardinality(String), currency LowCardinality(String), amount Decimal(18, 4), credited Decimal(18, 4), paid Decimal(18, 4), issued_at Nullable(DateTime64(3, 'UTC')), due_at Nullable(DateTime64(3, 'UTC')), paid_at Nullable(DateTime64(3, 'UTC')), overdue_at Nullable(DateTime64(3, 'UTC')))) COMMENT 'Its debts',
    story Array(Tuple(at DateTime64(3, 'UTC'), event_id String, type LowCardinality(String), says String, net Decimal(18, 4))) COMMENT 'Its messages by time, what each says and the revenue that they came to with it',
    settled_at DateTime64(3, 'UTC') COMMENT 'When it was last settled'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_key, source, order_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256, min_compress_block_size = 4096
COMMENT 'Orders and invoices as documents, by client';

CREATE MATERIALIZED VIEW feed_client_orders TO client_orders AS
SELECT
    owner.client_key AS client_key, source, order_id, version, owner.gone AS gone, contact_key, state, counts, why, part_of,
    currency, amount, tax, shipping, discount, liability, refunds_pending, placed_at, paid_at, fulfilled_at, ended_at, first_at, last_at, messages,
    movements, lines, bills, story, settled_at
FROM order_documents
ARRAY JOIN owners AS owner;

CREATE TABLE revenue_daily
(
    client_key UUID COMMENT 'Leaf key of the client',
    day Date COMMENT 'Day in the workspace''s time zone',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    orders SimpleAggregateFunction(sum, Int64) COMMENT 'Sales; -1 in a row that takes one back',
    gross SimpleAggregateFunction(sum, Decimal(38, 4)) COMMENT 'Amount of sales',
    returned SimpleAggregateFunction(sum, Decimal(38, 4)) COMMENT 'Amount of cancellations, refunds and lost disputes'
)
ENGINE = AggregatingMergeTree
ORDER BY (client_key, day, currency)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024, min_compress_block_size = 4096, merge_selector_base = 2
COMMENT 'Revenue a day by leaf key and currency: sum it, a row may take back what another says';

CREATE MATERIALIZED VIEW feed_revenue_daily TO revenue_daily AS
SELECT
    change.client_key AS client_key,
    toDate(change.at, '{{timezone}}') AS day,
    change.currency AS currency,
    sum(change.orders) AS orders,
    sum(change.gross) AS gross,
    sum(change.returned) AS returned
FROM order_documents
ARRAY JOIN changes AS change
GROUP BY client_key, day, currency;
