CREATE TABLE alert_outcomes_log
(
    alert_id UUID COMMENT 'Alert',
    client_id UUID COMMENT 'Client that it was about then',
    outcome LowCardinality(String) COMMENT 'true, false, expected, saved or lost; empty takes it back',
    note String COMMENT 'What the person wrote',
    who LowCardinality(String) COMMENT 'Who recorded it',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When; the newest counts'
)
ENGINE = MergeTree
ORDER BY (alert_id, recorded_at)
COMMENT 'What became of alerts, as people recorded it, append only';

CREATE TABLE detector_lines_log
(
    detector LowCardinality(String) COMMENT 'activity_drop or silence',
    channel LowCardinality(String) COMMENT 'orders or all',
    segment LowCardinality(String) COMMENT 'Clients that it is for; empty for all',
    set_at DateTime64(3, 'UTC') COMMENT 'When it was set',
    budget Float64 COMMENT 'False alarms a client-year that it was set for',
    line Float64 COMMENT 'Score at which activity_drop raises; for silence the budget, which a client''s own gaps a year turn into days',
    monitored UInt32 COMMENT 'Clients that it watches',
    reason String COMMENT 'Why the line is there'
)
ENGINE = MergeTree
ORDER BY (detector, channel, segment, set_at)
COMMENT 'Lines of the detectors and why they were moved, append only';
