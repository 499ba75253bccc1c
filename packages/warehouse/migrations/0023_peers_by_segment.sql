ALTER TABLE peer_factors
    ADD COLUMN segment LowCardinality(String) COMMENT 'Clients who are compared with each other; empty for all',
    MODIFY ORDER BY (channel, week, segment);
