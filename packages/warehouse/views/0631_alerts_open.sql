-- Alerts that are open now
-- id: Alert
-- client_id: Client now
-- client_name: Name of the client now
-- cause: What it is about; findings on one client with one cause are one alert
-- direction: worse, better or neutral, for us
-- detector: Detector whose finding leads
-- channel: What that detector looks at: orders, all, email, web, call, decision_makers, payments, surveys or source
-- crossed_at: When the client crossed the line (UTC)
-- opened_at: When the alert was opened (UTC)
-- updated_at: When it last changed (UTC)
-- headline: What was found in a few words
-- reason: What was found
-- advice: What usually helps
-- money_at_stake: Revenue at risk over a year
-- currency: ISO 4217 code
-- likelihood: How likely it is real, 0 to 1; NULL where the detector does not know
-- announced: False where it was history when it was found
SELECT id, client_id, client_name, cause, direction, detector, channel, crossed_at, opened_at, updated_at, headline, reason, advice, money_at_stake, currency, likelihood, announced
FROM alerts_latest
WHERE state = 'open'
