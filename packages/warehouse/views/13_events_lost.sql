-- What Kafka deleted before it was read: its retention was shorter than ingest was away or behind
-- topic: Kafka topic
-- partition: Kafka partition
-- first_offset: First offset that is gone
-- last_offset: Last offset that is gone
-- events: How many messages that were at most
-- noticed_at: When ingest found them gone (UTC)
SELECT
    topic,
    partition,
    first AS first_offset,
    max(last) AS last_offset,
    last_offset - first + 1 AS events,
    max(l.noticed_at) AS noticed_at
FROM lost_ranges AS l
GROUP BY topic, partition, first
