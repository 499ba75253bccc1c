-- How did clients respond to each mailing?
-- Asked by: marketing
-- campaign: Mailing
-- delivered: Mails that reached a mailbox
-- opened: Of these, opened by a person (machines that open mail are left out)
-- clicked: Of these, with a link followed
-- replied: Of these, answered
-- open_rate: Opened divided by delivered
SELECT
    JSONExtractString(properties, 'campaign') AS campaign,
    uniqExactIf(message_id, type = 'email.delivered') AS delivered,
    uniqExactIf(message_id, type = 'email.opened' AND activity) AS opened,
    uniqExactIf(message_id, type = 'email.clicked') AS clicked,
    uniqExactIf(message_id, type = 'email.replied') AS replied,
    round(opened / delivered, 4) AS open_rate
FROM timeline
WHERE kind = 'email' AND campaign != ''
GROUP BY campaign
HAVING delivered > 0
ORDER BY campaign
