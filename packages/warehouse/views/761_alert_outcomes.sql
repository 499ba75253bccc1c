-- What became of alerts: the newest outcome that people recorded
-- alert_id: Alert
-- client_id: Client now
-- client_name: Its name now
-- cause: What it was about
-- detector: Detector whose finding leads
-- channel: What that detector looks at
-- raised_by: Detectors and channels that raised it
-- opened_at: When the alert was opened (UTC)
-- outcome: true (it was real), false, expected (known before), saved (real, and the client was kept) or lost (real, and the client left)
-- was_real: True for true, saved and lost
-- days_to_outcome: Days from opening to the outcome
-- money_at_stake: Revenue of a year that was at risk
-- note: What the person wrote
-- who: Who recorded it
-- recorded_at: When (UTC)
SELECT
    o.alert_id AS alert_id,
    a.client_id AS client_id,
    a.client_name AS client_name,
    a.cause AS cause,
    a.detector AS detector,
    a.channel AS channel,
    a.raised_by AS raised_by,
    a.opened_at AS opened_at,
    o.outcome AS outcome,
    CAST(o.outcome IN ('true', 'saved', 'lost') AS Bool) AS was_real,
    greatest(0, dateDiff('day', a.opened_at, o.recorded_at)) AS days_to_outcome,
    a.money_at_stake AS money_at_stake,
    o.note AS note,
    o.who AS who,
    o.recorded_at AS recorded_at
FROM
(
    SELECT
        alert_id,
        argMax(l.outcome, l.recorded_at) AS outcome,
        argMax(l.note, l.recorded_at) AS note,
        argMax(l.who, l.recorded_at) AS who,
        max(l.recorded_at) AS recorded_at
    FROM alert_outcomes_log AS l
    GROUP BY alert_id
    HAVING outcome != ''
) AS o
INNER JOIN alerts_latest AS a ON a.id = o.alert_id
