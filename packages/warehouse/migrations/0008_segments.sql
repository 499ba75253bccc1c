-- Both are written by services/segments alone. What is in segment_changes and after segment_announcements is still to
-- be told: rows are stored first, so that a kill between the two loses nothing.
CREATE TABLE segment_changes
(
    segment LowCardinality(String) COMMENT 'Segment',
    client_id UUID COMMENT 'Client as it was then',
    change LowCardinality(String) COMMENT 'entered or left',
    at DateTime64(3, 'UTC') COMMENT 'When it was evaluated; all changes of one evaluation have the same, later ones a later',
    version UInt32 COMMENT 'Version of the segment''s setting that was evaluated'
)
ENGINE = MergeTree
ORDER BY (segment, client_id, at)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Clients entering and leaving segments, append only';

CREATE TABLE segment_announcements
(
    segment LowCardinality(String) COMMENT 'Segment',
    announced_until DateTime64(3, 'UTC') COMMENT 'All changes up to this evaluation were published'
)
ENGINE = ReplacingMergeTree(announced_until)
ORDER BY segment
COMMENT 'How far the changes of segments were published';
