-- Events that could not be used, and whether they were sent again
-- topic: Kafka topic
-- partition: Kafka partition
-- offset: Kafka offset
-- received_at: When it arrived
-- source: Source, where it could be read
-- reason: Why, one of a small set
-- detail: What is wrong and where
-- replayed: True where it was sent again
-- bytes: The original message
SELECT
    e.topic AS topic,
    e.partition AS partition,
    e.offset AS offset,
    e.received_at AS received_at,
    e.source AS source,
    e.reason AS reason,
    e.detail AS detail,
    r.replayed_at > toDateTime64(0, 3) AS replayed,
    base64Decode(e.bytes) AS bytes
FROM rejected_events AS e
LEFT JOIN rejected_replays AS r ON r.topic = e.topic AND r.partition = e.partition AND r.offset = e.offset
