-- Limits of the portfolio as they are now: one row; npm run portfolio -- settings
-- measure: What clients are ranked by: revenue or margin
-- months: The portfolio is about so many months up to its day
-- abc_by: value: A makes the first abc_a of it; clients: A are the first abc_a of clients
-- abc_a: Share that A ends with
-- abc_b: Share that B ends with
-- xyz_months: Months that are one period of XYZ
-- xyz_x: Coefficient of variation up to which a client is X
-- xyz_y: The same for Y
-- often: From this share of months with an order on, a client buys often
-- regularly: The same for regularly
-- rfm_scores: RFM gives 1 to this
-- thresholds: Shares of revenue that are told of
-- lost_gaps: A client is lost after so many of its own usual gaps without an order
-- lost_days: And after so many days at least
-- lost_days_first: So many days after an order on one single day
-- breadwinner: Share from which a client is a breadwinner
-- long_term_years: Ordering in every one of so many years makes a client long-term
-- kaism_up: Scheme of how valuable a client is to us
-- kaism_across: Scheme of how attractive we are to a client
-- kaism_limit: From this score on, 1 to 10, it is high
SELECT
    if(JSONHas(value, 'measure'), JSONExtractString(value, 'measure'), 'revenue') AS measure,
    toUInt8(if(JSONHas(value, 'months'), JSONExtractUInt(value, 'months'), 12)) AS months,
    if(JSONHas(value, 'abc_by'), JSONExtractString(value, 'abc_by'), 'value') AS abc_by,
    if(JSONHas(value, 'abc_a'), JSONExtractFloat(value, 'abc_a'), 0.8) AS abc_a,
    if(JSONHas(value, 'abc_b'), JSONExtractFloat(value, 'abc_b'), 0.95) AS abc_b,
    toUInt8(if(JSONHas(value, 'xyz_months'), JSONExtractUInt(value, 'xyz_months'), 1)) AS xyz_months,
    if(JSONHas(value, 'xyz_x'), JSONExtractFloat(value, 'xyz_x'), 0.5) AS xyz_x,
    if(JSONHas(value, 'xyz_y'), JSONExtractFloat(value, 'xyz_y'), 1.) AS xyz_y,
    if(JSONHas(value, 'often'), JSONExtractFloat(value, 'often'), 0.75) AS often,
    if(JSONHas(value, 'regularly'), JSONExtractFloat(value, 'regularly'), 0.33) AS regularly,
    toUInt8(if(JSONHas(value, 'rfm_scores'), JSONExtractUInt(value, 'rfm_scores'), 5)) AS rfm_scores,
    if(JSONHas(value, 'thresholds'), JSONExtract(value, 'thresholds', 'Array(Float64)'), [0.1, 0.2, 0.5]) AS thresholds,
    if(JSONHas(value, 'lost_gaps'), JSONExtractFloat(value, 'lost_gaps'), 3.) AS lost_gaps,
    toUInt16(if(JSONHas(value, 'lost_days'), JSONExtractUInt(value, 'lost_days'), 90)) AS lost_days,
    toUInt16(if(JSONHas(value, 'lost_days_first'), JSONExtractUInt(value, 'lost_days_first'), 180)) AS lost_days_first,
    if(JSONHas(value, 'breadwinner'), JSONExtractFloat(value, 'breadwinner'), 0.1) AS breadwinner,
    toUInt8(if(JSONHas(value, 'long_term_years'), JSONExtractUInt(value, 'long_term_years'), 3)) AS long_term_years,
    if(JSONHas(value, 'kaism_up'), JSONExtractString(value, 'kaism_up'), 'value') AS kaism_up,
    if(JSONHas(value, 'kaism_across'), JSONExtractString(value, 'kaism_across'), 'attractiveness') AS kaism_across,
    if(JSONHas(value, 'kaism_limit'), JSONExtractFloat(value, 'kaism_limit'), 5.5) AS kaism_limit
FROM (SELECT argMaxIf(settings.value, version, kind = 'portfolio') AS value FROM settings)
