-- Events that could not be used, and whether they were sent again
-- topic: Kafka topic
-- partition: Kafka partition
-- offset: Kafka offset
-- received_at: When it arrived (UTC)
-- received_day: The same as a day in the workspace's time zone
-- source: Source, where it could be read
-- reason: Why, one of a small set
-- detail: What is wrong and where
-- replayed: True where it was sent again
-- replayed_at: When it was last sent again (UTC); NULL where it was not
-- bytes: The original message
SELECT
    e.topic AS topic,
    e.partition AS partition,
    e.offset AS offset,
    e.received_at AS received_at,
    toDate(e.received_at, '{{timezone}}') AS received_day,
    e.source AS source,
    e.reason AS reason,
    e.detail AS detail,
    r.replayed_at > toDateTime64(0, 3) AS replayed,
    nullIf(r.replayed_at, toDateTime64(0, 3, 'UTC')) AS replayed_at,
    base64Decode(e.bytes) AS bytes
FROM rejected_events AS e
LEFT JOIN
(
    -- One row an event, however often it was sent again.
    SELECT topic, partition, offset, max(replayed_at) AS replayed_at FROM rejected_replays GROUP BY topic, partition, offset
) AS r ON r.topic = e.topic AND r.partition = e.partition AND r.offset = e.offset
