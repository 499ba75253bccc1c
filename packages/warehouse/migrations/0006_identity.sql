-- What a key belongs to is a fact about leaf keys; which client a client's key stands for now is a second, small table,
-- so that joining two clients never rewrites the rows of their people.
ALTER TABLE identity_keys RENAME COLUMN IF EXISTS client_id TO client_key;

ALTER TABLE identity_keys MODIFY COLUMN client_key UUID COMMENT 'Key of the client that it belongs to now; identity_clients says which client that key stands for';

ALTER TABLE identity_keys ADD COLUMN IF NOT EXISTS eras Array(Tuple(since DateTime64(3, 'UTC'), client_key UUID)) COMMENT 'Where the person moved: clients by the time from which events belong to them, oldest first; empty where one client has all';

CREATE TABLE identity_clients
(
    key UUID COMMENT 'Key of an account, a domain or another identifier of a client',
    client_id UUID COMMENT 'Client that it stands for now',
    version UInt64 COMMENT 'The newest version counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY key
COMMENT 'Keys of clients that stand for another one now: joined accounts and domains. A key that is not here stands for itself';

CREATE TABLE identity_members
(
    client_key UUID COMMENT 'Key of a client',
    key UUID COMMENT 'Key of an identifier that belongs to it, or once did'
)
ENGINE = ReplacingMergeTree
ORDER BY (client_key, key)
-- Read by key, a few rows at a time.
SETTINGS index_granularity = 1024
COMMENT 'identity_keys the other way round; candidates that identity_keys confirms';

CREATE MATERIALIZED VIEW feed_identity_members TO identity_members AS
SELECT arrayJoin(arrayConcat([client_key], eras.client_key)) AS client_key, key
FROM identity_keys;

INSERT INTO identity_members SELECT client_key, key FROM identity_keys;

CREATE TABLE identity_conflicts
(
    left_key UUID COMMENT 'Stronger identifier of the link that was refused; for a shared value the value itself',
    right_key UUID COMMENT 'The other identifier; for a shared value the value itself',
    rule LowCardinality(String) COMMENT 'Rule of the refused link: same_event, alias or company_domain; shared_value where a value was set aside',
    reason LowCardinality(String) COMMENT 'two_people, two_clients, limit, kept_apart or shared_value',
    kind LowCardinality(String) COMMENT 'Kind of identifier of which there would be too many',
    left_id UUID COMMENT 'Contact or client that the left one belongs to',
    right_id UUID COMMENT 'Contact or client that the right one belongs to',
    state LowCardinality(String) COMMENT 'open, or gone where the evidence no longer says so',
    found_at DateTime64(3, 'UTC') COMMENT 'When this state was found',
    version UInt64 COMMENT 'The newest version counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (left_key, right_key, rule)
COMMENT 'Links that no machine may make, for people to decide';

CREATE TABLE identity_decisions_log
(
    id UUID COMMENT 'Decision',
    version UInt32 COMMENT '1 when it was made, 2 when it was undone',
    kind LowCardinality(String) COMMENT 'merge, unmerge, move, set_aside or release',
    left_kind LowCardinality(String) COMMENT 'Kind of the first identifier',
    left_value String COMMENT 'Its normalised value',
    right_kind LowCardinality(String) COMMENT 'Kind of the second identifier, empty where the decision is about one',
    right_value String COMMENT 'Its normalised value',
    since Nullable(DateTime64(3, 'UTC')) COMMENT 'From when a move counts; NULL from the beginning',
    links String COMMENT 'Links that it makes, as JSON: what undoing takes away again',
    reason String COMMENT 'What the person wrote',
    who LowCardinality(String) COMMENT 'Who decided',
    decided_at DateTime64(3, 'UTC') COMMENT 'When',
    undone Bool COMMENT 'True where it was taken back'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id
COMMENT 'What people decided about identities; each can be undone exactly';
