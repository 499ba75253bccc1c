-- What Kafka's retention took away before ingest had read it: counted and told, for it can't be had again.
CREATE TABLE lost_ranges
(
    topic LowCardinality(String) COMMENT 'Kafka topic',
    partition UInt32 COMMENT 'Kafka partition',
    first UInt64 COMMENT 'First offset that is gone',
    last UInt64 COMMENT 'Last offset that is gone',
    noticed_at DateTime64(3, 'UTC') COMMENT 'When ingest found them gone'
)
ENGINE = ReplacingMergeTree(noticed_at)
ORDER BY (topic, partition, first)
COMMENT 'Ranges of offsets that Kafka deleted before they were read';
