-- A month is computed anew when what it was made of has changed; the newest computation of a month counts.
CREATE TABLE portfolio_history_log
(
    month Date COMMENT 'First day of the month; figures are as of its last day',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed; all rows of one computation have the same',
    basis UInt64 COMMENT 'Hash of what it was made of: revenue until then, limits, joined clients',
    client_id UUID COMMENT 'Client as it was when it was computed',
    place UInt64 COMMENT '1 for the largest by value',
    orders UInt64 COMMENT 'Orders placed in the portfolio''s months',
    revenue Decimal(38, 4) COMMENT 'Net revenue of these months',
    margin Decimal(38, 4) COMMENT 'Margin of items whose cost is known',
    value Decimal(38, 4) COMMENT 'Revenue or margin, as the setting says',
    share Nullable(Float64) COMMENT 'Share of the value of all',
    variation Nullable(Float64) COMMENT 'Coefficient of variation of the months'' revenue',
    abc LowCardinality(String) COMMENT 'A, B or C',
    xyz LowCardinality(String) COMMENT 'X, Y or Z',
    how_often LowCardinality(String) COMMENT 'often, regularly or irregularly',
    rfm LowCardinality(String) COMMENT 'Recency, frequency and money, such as 5-3-4'
)
ENGINE = MergeTree
ORDER BY (month, computed_at, client_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'The portfolio at the end of each month, append only; written by services/segments alone';
