CREATE TABLE erasures
(
    id UUID COMMENT 'Erasure',
    version UInt32 COMMENT 'The newest version counts',
    subject LowCardinality(String) COMMENT 'person or client',
    state LowCardinality(String) COMMENT 'running or done',
    names Array(String) COMMENT 'Identifiers while it runs, as kind:value; emptied when it is done',
    erased String COMMENT 'What was found and taken away, by table, as JSON',
    reason String COMMENT 'What the person wrote who asked for it',
    who LowCardinality(String) COMMENT 'Who asked for it',
    requested_at DateTime64(3, 'UTC') COMMENT 'When',
    done_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When nothing was found any more'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id
COMMENT 'Whose data was erased, without names: the proof that it was done';

CREATE TABLE suppressed_keys
(
    key UUID COMMENT 'Key of an identifier (a hash of it) whose events are not taken any more',
    erasure_id UUID COMMENT 'Erasure that says so',
    since DateTime64(3, 'UTC') COMMENT 'From when'
)
ENGINE = ReplacingMergeTree(since)
ORDER BY key
COMMENT 'Identifiers that must not come back after an erasure';

CREATE TABLE erasure_steps
(
    erasure_id UUID COMMENT 'Erasure',
    step LowCardinality(String) COMMENT 'What was done',
    found UInt64 COMMENT 'How many were found and taken away',
    done_at DateTime64(3, 'UTC') COMMENT 'When'
)
ENGINE = MergeTree
ORDER BY (erasure_id, step, done_at)
COMMENT 'What other services did for an erasure';
