-- A topic that is deleted and made again, or of another Kafka, begins anew with offset 0: its positions would be those of
-- other messages. So each of its lives has a number, and positions of all but the first carry it: topic@2.
-- Positions that are stored already are of the first.
CREATE TABLE topic_lives
(
    topic LowCardinality(String) COMMENT 'Kafka topic',
    life UInt32 COMMENT 'Number of the life, from 1',
    id String COMMENT 'Ids of Kafka''s cluster and of the topic, by which the life is known; empty where it was not known',
    since DateTime64(3, 'UTC') COMMENT 'When ingest first saw it'
)
ENGINE = ReplacingMergeTree(since)
ORDER BY (topic, life)
COMMENT 'Which lives of Kafka''s topics the positions of events are of';
