-- Alerts that are open now
-- id: Alert
-- client_id: Client now
-- client_name: Name of the client now
-- detector: activity_drop or silence
-- channel: orders or all
-- crossed_at: When the client crossed the line (UTC)
-- opened_at: When the alert was opened (UTC)
-- updated_at: When it last changed (UTC)
-- reason: What was found
-- money_at_stake: Revenue of a year that is at risk
-- currency: ISO 4217 code
-- likelihood: How likely it is real, 0 to 1; NULL where the detector does not know
-- announced: False where it was history when it was found
SELECT id, client_id, client_name, detector, channel, crossed_at, opened_at, updated_at, reason, money_at_stake, currency, likelihood, announced
FROM alerts_latest
WHERE state = 'open'
