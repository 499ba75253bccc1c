-- How often alerts prove real, by detector and segment, with the interval that so few cases allow; an alert counts for each detector that raised it
-- detector: Detector
-- segment: Clients of a segment; empty for all clients
-- alerts: Alerts that were announced
-- judged: Of these, alerts that people recorded an outcome of
-- were_real: Of these, real ones
-- precision: Share of judged alerts that were real; NULL before any was judged
-- precision_low: Lower end of its 95 % interval (Wilson 1927)
-- precision_high: Upper end of its 95 % interval
-- saved: Clients kept
-- lost: Clients lost
WITH 1.96 AS z
SELECT
    detector,
    segment,
    count() AS alerts,
    countIf(outcome != '') AS judged,
    countIf(was_real) AS were_real,
    if(judged = 0, NULL, toNullable(were_real / judged)) AS precision,
    if(judged = 0, NULL, toNullable(greatest(0., (were_real + z * z / 2 - z * sqrt(were_real * (judged - were_real) / judged + z * z / 4)) / (judged + z * z)))) AS precision_low,
    if(judged = 0, NULL, toNullable(least(1., (were_real + z * z / 2 + z * sqrt(were_real * (judged - were_real) / judged + z * z / 4)) / (judged + z * z)))) AS precision_high,
    countIf(outcome = 'saved') AS saved,
    countIf(outcome = 'lost') AS lost
FROM
(
    SELECT a.detector AS detector, s.segment AS segment, o.outcome AS outcome, o.was_real AS was_real
    FROM (SELECT id, client_id, arrayJoin(arrayDistinct(arrayMap(by -> toString(by.detector), raised_by))) AS detector FROM alerts_latest WHERE announced) AS a
    INNER JOIN
    (
        SELECT client_id, '' AS segment FROM (SELECT DISTINCT client_id FROM alerts_latest)
        UNION ALL
        SELECT client_id, toString(m.segment) AS segment FROM segment_members AS m
    ) AS s ON s.client_id = a.client_id
    LEFT JOIN (SELECT alert_id, toString(outcome) AS outcome, was_real FROM alert_outcomes) AS o ON o.alert_id = a.id
)
GROUP BY detector, segment
