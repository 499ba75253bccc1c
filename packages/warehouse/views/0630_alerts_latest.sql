-- Every alert as it stands now, open or resolved, under the client that it belongs to now
-- id: Alert
-- version: Number of its versions
-- state: open or resolved
-- client_id: Client now: after a merge the one that is left, after an unmerge the earlier one again
-- client_name: Name of the client now
-- client_name_then: Name of the client when this version was written
-- subject: client; or source, or pipeline (ingest): then its name stands in place of a client's
-- cause: What it is about; findings on one client with one cause are one alert
-- direction: worse, better or neutral, for us
-- detector: Detector whose finding leads
-- channel: What that detector looks at: orders, all, email, web, call, decision_makers, payments, surveys or source
-- raised_by: Detectors and channels that raised it so far, also those that found nothing any more
-- crossed_at: When the client crossed the line (UTC)
-- opened_at: When the alert was opened (UTC)
-- opened_day: The same as a day in the workspace's time zone
-- updated_at: When it last changed (UTC)
-- resolved_at: When it was resolved (UTC); NULL while it is open
-- headline: What was found in a few words
-- reason: What was found, or why it was resolved
-- advice: What usually helps
-- evidence: Numbers behind it, as JSON
-- findings: All findings of it, the leading one first, as JSON
-- money_at_stake: Revenue at risk
-- horizon_days: Days that money_at_stake is counted over
-- currency: ISO 4217 code
-- likelihood: How likely it is real, 0 to 1; NULL where the detector does not know
-- announced: False where it was history when it was found
SELECT
    a.id AS id,
    a.version AS version,
    a.state AS state,
    {{client_id a}} AS client_id,
    if(n.name = '', a.client_name, n.name) AS client_name,
    a.client_name AS client_name_then,
    a.subject AS subject,
    a.cause AS cause,
    a.direction AS direction,
    a.detector AS detector,
    a.channel AS channel,
    a.raised_by AS raised_by,
    a.crossed_at AS crossed_at,
    a.opened_at AS opened_at,
    toDate(a.opened_at, '{{timezone}}') AS opened_day,
    a.updated_at AS updated_at,
    a.resolved_at AS resolved_at,
    a.headline AS headline,
    a.reason AS reason,
    a.advice AS advice,
    a.evidence AS evidence,
    a.findings AS findings,
    a.money_at_stake AS money_at_stake,
    a.horizon_days AS horizon_days,
    a.currency AS currency,
    a.likelihood AS likelihood,
    a.announced AS announced
FROM
(
    SELECT *, client_id AS client_key, crossed_at AS occurred_at
    FROM alerts FINAL
    ORDER BY id, version DESC
    LIMIT 1 BY id
) AS a
{{join_clients a}}
LEFT JOIN client_names AS n ON n.client_id = {{client_id a}}
