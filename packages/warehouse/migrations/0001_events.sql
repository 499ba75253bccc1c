-- Accepted events. One insert a (topic, partition, offset range) with that range as its deduplication token,
-- batch_date comes from the batch's first Kafka time, so that one batch is one part and a retry is the same block.
CREATE TABLE events
(
    client_key UUID COMMENT 'Key of the strongest identifier of who did it: the account, else the contact; all zeros where unknown. Never rewritten: resolve it through identity_map',
    contact_key UUID COMMENT 'Key of the strongest identifier of the person, all zeros where unknown',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, by the sender' CODEC(Delta, ZSTD(1)),
    event_id String COMMENT 'Id given by the sender, unique within the source',
    source LowCardinality(String) COMMENT 'The wired source that sent it',
    kind LowCardinality(String) COMMENT 'email, web, call, order or identity',
    type LowCardinality(String) COMMENT 'What happened, such as order.placed',
    activity Bool COMMENT 'True where the client did something: machines opening mail and our own doings are not activity',
    revenue_sign Int8 COMMENT '1 adds the amount to revenue, -1 takes it away, 0 leaves revenue alone',
    order_id String COMMENT 'Order (or invoice) that it is about',
    amount Decimal(18, 4) COMMENT 'Amount in currency, never negative; see revenue_sign',
    currency LowCardinality(String) COMMENT 'ISO 4217 code of the amount, empty where there is none',
    items Array(Tuple(sku String, name String, category String, quantity Decimal(18, 4), unit_price Decimal(18, 4))) COMMENT 'Items of the order',
    duration_seconds UInt32 COMMENT 'Length of the call',
    direction LowCardinality(String) COMMENT 'inbound or outbound, for calls and mail',
    url String COMMENT 'Page or link' CODEC(ZSTD(1)),
    message_id String COMMENT 'Mail that it is about' CODEC(ZSTD(1)),
    identifiers Map(LowCardinality(String), String) COMMENT 'Normalised identifiers that the event carried' CODEC(ZSTD(1)),
    properties String COMMENT 'All other properties as JSON; read them with JSONExtract functions' CODEC(ZSTD(1)),
    traits String COMMENT 'What an identify or group event says, as JSON' CODEC(ZSTD(1)),
    topic LowCardinality(String) COMMENT 'Kafka topic',
    partition UInt32 COMMENT 'Kafka partition',
    offset UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the message' CODEC(Delta, ZSTD(1)),
    batch_date Date COMMENT 'Day of the first message of the batch; partitions the table'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(batch_date)
ORDER BY (client_key, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Every accepted event, once';

CREATE TABLE rejected_events
(
    topic LowCardinality(String) COMMENT 'Kafka topic',
    partition UInt32 COMMENT 'Kafka partition',
    offset UInt64 COMMENT 'Kafka offset',
    received_at DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the message',
    source LowCardinality(String) COMMENT 'Source, where it could be read',
    reason LowCardinality(String) COMMENT 'Why it can not be used, one of a small set',
    detail String COMMENT 'What is wrong and where, for the sender',
    bytes String COMMENT 'The original message, base64' CODEC(ZSTD(3)),
    key String COMMENT 'The message''s Kafka key, base64',
    headers String COMMENT 'The message''s Kafka headers as JSON, values base64',
    batch_date Date COMMENT 'Day of the first message of the batch; partitions the table'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(batch_date)
ORDER BY (topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Events that can not be used, with reason and original bytes; send them again with npm run replay';

CREATE TABLE rejected_replays
(
    topic LowCardinality(String) COMMENT 'Kafka topic of the rejected event',
    partition UInt32 COMMENT 'Its partition',
    offset UInt64 COMMENT 'Its offset',
    replayed_at DateTime64(3, 'UTC') COMMENT 'When it was sent again'
)
ENGINE = ReplacingMergeTree(replayed_at)
ORDER BY (topic, partition, offset)
COMMENT 'Which rejected events were sent again';

CREATE TABLE duplicate_events
(
    topic LowCardinality(String) COMMENT 'Kafka topic',
    partition UInt32 COMMENT 'Kafka partition',
    offset UInt64 COMMENT 'Kafka offset',
    received_at DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the message',
    source LowCardinality(String) COMMENT 'Source that sent it again',
    event_id String COMMENT 'The sender''s id',
    batch_date Date COMMENT 'Day of the first message of the batch; partitions the table'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(batch_date)
ORDER BY (topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Messages whose source and event id were counted before: every offset is in events, rejected_events or here';
