-- Every finding of the detectors, also those that opened no alert, under the client that it belongs to now
-- id: Signal
-- state: raised or cleared
-- client_id: Client now
-- client_name: Name of the client now
-- client_name_then: Name of the client when it was found
-- subject: client; or source, or pipeline (ingest): then its name stands in place of a client's
-- cause: What it is about; findings on one client with one cause are one alert
-- direction: worse, better or neutral, for us
-- detector: Detector whose finding leads
-- channel: What that detector looks at: orders, all, email, web, call, decision_makers, payments, surveys or source
-- crossed_at: When the client crossed the line (UTC)
-- detected_at: When it was found (UTC)
-- detected_day: The same as a day in the workspace's time zone
-- headline: What was found in a few words
-- reason: What was found
-- advice: What usually helps
-- evidence: Expected, observed, window, how unusual and the model's numbers, as JSON
-- findings: All findings of it, the leading one first, as JSON
-- money_at_stake: Revenue at risk
-- horizon_days: Days that money_at_stake is counted over
-- currency: ISO 4217 code
-- likelihood: How likely it is real, 0 to 1; NULL where the detector does not know
SELECT
    s.id AS id,
    s.state AS state,
    {{client_id s}} AS client_id,
    if(n.name = '', s.client_name, n.name) AS client_name,
    s.client_name AS client_name_then,
    s.subject AS subject,
    s.cause AS cause,
    s.direction AS direction,
    s.detector AS detector,
    s.channel AS channel,
    s.crossed_at AS crossed_at,
    s.detected_at AS detected_at,
    toDate(s.detected_at, '{{timezone}}') AS detected_day,
    s.headline AS headline,
    s.reason AS reason,
    s.advice AS advice,
    s.evidence AS evidence,
    s.findings AS findings,
    s.money_at_stake AS money_at_stake,
    s.horizon_days AS horizon_days,
    s.currency AS currency,
    s.likelihood AS likelihood
FROM (SELECT *, client_id AS client_key, crossed_at AS occurred_at FROM signals FINAL) AS s
{{join_clients s}}
LEFT JOIN client_names AS n ON n.client_id = {{client_id s}}
