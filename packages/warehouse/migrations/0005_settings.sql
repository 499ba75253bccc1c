CREATE TABLE settings
(
    kind LowCardinality(String) COMMENT 'What it is a setting of: source',
    id String COMMENT 'Id within the kind',
    version UInt32 COMMENT 'From 1; the newest counts',
    value String COMMENT 'The setting as JSON; secrets in it are hashed or sealed',
    deleted Bool COMMENT 'True where this version took it away',
    changed_by String COMMENT 'Who changed it',
    changed_at DateTime64(3, 'UTC') COMMENT 'When it was changed'
)
ENGINE = MergeTree
ORDER BY (kind, id, version)
COMMENT 'Every version of every setting, append only';
