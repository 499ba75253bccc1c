CREATE TABLE findings_held_log
(
    client_id UUID COMMENT 'Client as it was then',
    detector LowCardinality(String) COMMENT 'What found it',
    channel LowCardinality(String) COMMENT 'What it looks at',
    since DateTime64(3, 'UTC') COMMENT 'When it was found first',
    source LowCardinality(String) COMMENT 'Source that is suspiciously quiet',
    headline String COMMENT 'What was found in a few words',
    money_at_stake Decimal(18, 2) COMMENT 'Revenue at risk',
    until Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it waited; NULL while it does',
    outcome LowCardinality(String) COMMENT 'raised, or gone where it was not true when the source was back; empty while it waits',
    written_at DateTime64(3, 'UTC') COMMENT 'When this was written; the newest counts'
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY (client_id, detector, channel, since)
COMMENT 'Findings that are held back while a source is suspiciously quiet; written by services/signals alone';
