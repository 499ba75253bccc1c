ALTER TABLE signals
    ADD COLUMN subject LowCardinality(String) DEFAULT 'client' COMMENT 'client or source',
    ADD COLUMN cause LowCardinality(String) DEFAULT 'less_activity' COMMENT 'What it is about; findings on one client with one cause are one signal',
    ADD COLUMN direction LowCardinality(String) DEFAULT 'worse' COMMENT 'worse, better or neutral, for us',
    ADD COLUMN headline String COMMENT 'What was found in a few words',
    ADD COLUMN advice String COMMENT 'What usually helps',
    ADD COLUMN horizon_days UInt16 DEFAULT 365 COMMENT 'Days that money_at_stake is counted over',
    ADD COLUMN findings String DEFAULT concat('[{"detector":', toJSONString(detector), ',"channel":', toJSONString(channel), ',"crossed_at":"', formatDateTime(crossed_at, '%Y-%m-%dT%H:%i:%S', 'UTC'), 'Z","headline":', toJSONString(headline), ',"reason":', toJSONString(reason), ',"evidence":', if(evidence = '', 'null', evidence), ',"money_at_stake":', toString(money_at_stake), ',"likelihood":', ifNull(toString(likelihood), 'null'), '}]') COMMENT 'All findings of it, the leading one first, as JSON';

ALTER TABLE alerts
    ADD COLUMN subject LowCardinality(String) DEFAULT 'client' COMMENT 'client or source',
    ADD COLUMN cause LowCardinality(String) DEFAULT 'less_activity' COMMENT 'What it is about; an episode is of one client and cause',
    ADD COLUMN direction LowCardinality(String) DEFAULT 'worse' COMMENT 'worse, better or neutral, for us',
    ADD COLUMN raised_by Array(Tuple(detector LowCardinality(String), channel LowCardinality(String))) DEFAULT [(detector, channel)] COMMENT 'Detectors that raised it so far, also those that found nothing any more',
    ADD COLUMN headline String COMMENT 'What was found in a few words',
    ADD COLUMN advice String COMMENT 'What usually helps',
    ADD COLUMN horizon_days UInt16 DEFAULT 365 COMMENT 'Days that money_at_stake is counted over',
    ADD COLUMN findings String DEFAULT concat('[{"detector":', toJSONString(detector), ',"channel":', toJSONString(channel), ',"crossed_at":"', formatDateTime(crossed_at, '%Y-%m-%dT%H:%i:%S', 'UTC'), 'Z","headline":', toJSONString(headline), ',"reason":', toJSONString(reason), ',"evidence":', if(evidence = '', 'null', evidence), ',"money_at_stake":', toString(money_at_stake), ',"likelihood":', ifNull(toString(likelihood), 'null'), '}]') COMMENT 'All findings of it, the leading one first, as JSON';
