-- Formerly 88410351eb44790e236f6af0b20e3f4550c09ec5a424f0978a466b59a263e109: with granules of 8,192 rows, as above in 0002.
-- Formerly 14527e48ef224f30acefb3721b5fa660aa0cff9499a63af254f785dd7f35e3d4: with granules of 8,192 rows in client_traits.
CREATE TABLE identity_links
(
    left_key UUID COMMENT 'Key of the stronger identifier',
    right_key UUID COMMENT 'Key of the other one; equal to left_key where an identifier was seen for the first time',
    rule LowCardinality(String) COMMENT 'seen, same_event, alias or member_of',
    left_kind LowCardinality(String) COMMENT 'Kind of the stronger identifier',
    left_value String COMMENT 'Its normalised value',
    right_kind LowCardinality(String) COMMENT 'Kind of the other one',
    right_value String COMMENT 'Its normalised value',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When the event that proves the link happened',
    source LowCardinality(String) COMMENT 'Source of that event',
    event_id String COMMENT 'Id of that event'
)
ENGINE = ReplacingMergeTree
ORDER BY (left_key, right_key, rule, occurred_at, source, event_id)
COMMENT 'Ledger of identity: every link with its rule, its event and its time';

CREATE TABLE identity_keys
(
    key UUID COMMENT 'Key of an identifier',
    contact_id UUID COMMENT 'Person that it belongs to now, all zeros for an account',
    client_id UUID COMMENT 'Client that it belongs to now',
    version UInt64 COMMENT 'The newest version counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY key
SETTINGS index_granularity = 1024
COMMENT 'The map from identifier to contact and client, as of now';

CREATE TABLE identifiers
(
    key UUID COMMENT 'Key of the identifier',
    kind LowCardinality(String) COMMENT 'account_id, crm_id, user_id, email, phone, anonymous_id or domain',
    value String COMMENT 'Normalised value'
)
ENGINE = ReplacingMergeTree
ORDER BY key
SETTINGS index_granularity = 1024
COMMENT 'Identifiers by their key';

CREATE MATERIALIZED VIEW feed_identifiers TO identifiers AS
SELECT pair.1 AS key, pair.2 AS kind, pair.3 AS value
FROM identity_links
ARRAY JOIN [(left_key, left_kind, left_value), (right_key, right_kind, right_value)] AS pair;

CREATE TABLE client_traits
(
    subject_key UUID COMMENT 'Leaf key of the client (group) or contact (identify)',
    subject LowCardinality(String) COMMENT 'client or contact',
    trait LowCardinality(String) COMMENT 'Name of the trait',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Since when it is said',
    value String COMMENT 'Value as JSON; null clears it',
    source LowCardinality(String) COMMENT 'Who says so'
)
ENGINE = MergeTree
ORDER BY (subject_key, trait, occurred_at)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'What identify and group events say, with history';

CREATE MATERIALIZED VIEW feed_client_traits TO client_traits AS
SELECT
    if(type = 'group', client_key, contact_key) AS subject_key,
    if(type = 'group', 'client', 'contact') AS subject,
    pair.1 AS trait,
    occurred_at,
    pair.2 AS value,
    source
FROM events
ARRAY JOIN JSONExtractKeysAndValuesRaw(traits) AS pair
WHERE type IN ('identify', 'group');
