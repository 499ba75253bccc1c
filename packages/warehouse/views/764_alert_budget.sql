-- The budget of false alarms against what happened, by detector and channel, over the last year
-- detector: Detector
-- channel: What it looks at
-- budget: False alarms a client-year that are borne
-- monitored: Clients that it watches
-- client_years: Client-years watched within the last year
-- allowed: False alarms that the budget allowed in that time
-- aimed: False alarms that the lines were set for in that time
-- alerts: Alerts announced in that time; one counts for each detector and channel that raised it
-- judged: Of these, alerts that people recorded an outcome of
-- false_alarms: Of these, false or expected ones
-- false_alarms_estimated: The same for all alerts of that time, as far as the judged ones tell; NULL before any was judged
-- spent: false_alarms_estimated as a share of allowed; above 1 the budget is overdrawn
WITH toDateTime64(now() - INTERVAL 365 DAY, 3, 'UTC') AS since_then
SELECT
    l.detector AS detector,
    l.channel AS channel,
    l.budget AS budget,
    l.monitored AS monitored,
    l.client_years AS client_years,
    l.budget * l.client_years AS allowed,
    l.aimed AS aimed,
    a.alerts AS alerts,
    a.judged AS judged,
    a.false_alarms AS false_alarms,
    if(a.judged = 0, NULL, toNullable(a.alerts * a.false_alarms / a.judged)) AS false_alarms_estimated,
    if(a.judged = 0 OR l.client_years = 0, NULL, toNullable(a.alerts * a.false_alarms / a.judged / (l.budget * l.client_years))) AS spent
FROM
(
    SELECT
        detector,
        channel,
        argMax(d.budget, d.set_at) AS budget,
        argMax(d.monitored, d.set_at) AS monitored,
        sum(d.monitored * greatest(0, dateDiff('second', greatest(d.set_at, since_then), ifNull(d.until, toDateTime64(now(), 3, 'UTC')))) / (365 * 86400)) AS client_years,
        sum(d.aim * d.monitored * greatest(0, dateDiff('second', greatest(d.set_at, since_then), ifNull(d.until, toDateTime64(now(), 3, 'UTC')))) / (365 * 86400)) AS aimed
    FROM detector_lines AS d
    WHERE segment = ''
    GROUP BY detector, channel
) AS l
LEFT JOIN
(
    SELECT n.detector AS detector, n.channel AS channel, count() AS alerts, countIf(o.outcome != '') AS judged, countIf(o.outcome IN ('false', 'expected')) AS false_alarms
    FROM
    (
        SELECT x.id AS id, toString(tupleElement(by, 'detector')) AS detector, toString(tupleElement(by, 'channel')) AS channel
        FROM alerts_latest AS x
        ARRAY JOIN x.raised_by AS by
        WHERE x.announced AND x.opened_at >= since_then
    ) AS n
    LEFT JOIN (SELECT alert_id, toString(outcome) AS outcome FROM alert_outcomes) AS o ON o.alert_id = n.id
    GROUP BY detector, channel
) AS a ON a.detector = l.detector AND a.channel = l.channel
