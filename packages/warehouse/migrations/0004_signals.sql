CREATE TABLE signals
(
    id UUID COMMENT 'Pure function of what was found',
    client_id UUID COMMENT 'Client',
    client_name String COMMENT 'Name of the client when it was found',
    detector LowCardinality(String) COMMENT 'activity_drop or silence',
    channel LowCardinality(String) COMMENT 'orders or all',
    state LowCardinality(String) COMMENT 'raised or cleared',
    crossed_at DateTime64(3, 'UTC') COMMENT 'When the client crossed the line',
    detected_at DateTime64(3, 'UTC') COMMENT 'When it was found',
    reason String COMMENT 'What a person reads',
    evidence String COMMENT 'Expected, observed, window, how unusual and the model''s numbers, as JSON',
    money_at_stake Decimal(18, 2) COMMENT 'Revenue of a year that is at risk',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    likelihood Nullable(Float64) COMMENT 'How likely it is real, 0 to 1'
)
ENGINE = ReplacingMergeTree(detected_at)
ORDER BY (client_id, detector, channel, crossed_at, id)
COMMENT 'Findings of the detectors';

CREATE TABLE alerts
(
    id UUID COMMENT 'Same for all versions of one episode',
    version UInt32 COMMENT 'From 1; the newest counts',
    state LowCardinality(String) COMMENT 'open or resolved',
    client_id UUID COMMENT 'Client',
    client_name String COMMENT 'Name of the client at that time',
    detector LowCardinality(String) COMMENT 'activity_drop or silence',
    channel LowCardinality(String) COMMENT 'orders or all',
    crossed_at DateTime64(3, 'UTC') COMMENT 'When the client crossed the line',
    opened_at DateTime64(3, 'UTC') COMMENT 'When the alert was opened',
    updated_at DateTime64(3, 'UTC') COMMENT 'When this version was written',
    resolved_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was resolved',
    reason String COMMENT 'What a person reads; for a resolved alert, why it was resolved',
    evidence String COMMENT 'Numbers behind the reason, as JSON',
    money_at_stake Decimal(18, 2) COMMENT 'Revenue of a year that is at risk',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    likelihood Nullable(Float64) COMMENT 'How likely it is real, 0 to 1',
    announced Bool COMMENT 'False where the line was crossed long before anybody looked: history, not news',
    signal_id UUID COMMENT 'Signal that caused this version'
)
ENGINE = ReplacingMergeTree
ORDER BY (client_id, detector, channel, id, version)
COMMENT 'Versions of alerts; see alerts_open for what is open now';

CREATE TABLE deliveries
(
    alert_id UUID COMMENT 'Alert',
    version UInt32 COMMENT 'Its version',
    consumer LowCardinality(String) COMMENT 'Name of the webhook consumer',
    attempt UInt32 COMMENT 'From 1',
    attempted_at DateTime64(3, 'UTC') COMMENT 'When it was tried',
    outcome LowCardinality(String) COMMENT 'delivered, retry, failed or disabled',
    status UInt16 COMMENT 'HTTP status, 0 where no answer came',
    detail String COMMENT 'What went wrong',
    duration_ms UInt32 COMMENT 'How long the answer took'
)
ENGINE = MergeTree
ORDER BY (alert_id, version, consumer, attempt)
COMMENT 'Attempts to deliver alerts';

CREATE TABLE peer_factors
(
    channel LowCardinality(String) COMMENT 'orders or all',
    week Date COMMENT 'Monday of the week',
    factor Float64 COMMENT 'How active the peers were, 1 is usual',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(computed_at)
ORDER BY (channel, week)
COMMENT 'What all clients did alike in a week; taken out of each client''s drop score';
