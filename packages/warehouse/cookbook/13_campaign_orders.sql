-- Who ordered within seven days of a mailing that a person of theirs opened, and who of those who did not open it?
-- Asked by: marketing. Those who open are better clients anyway: the difference is an upper bound of the mailing's effect
-- campaign: Mailing
-- opened: Clients where somebody opened it
-- opened_ordered: Share of these with an order in the seven days after it was delivered, 0 to 1
-- others: Clients where nobody did
-- others_ordered: Share of these with an order
WITH
    mailed AS
    (
        SELECT
            JSONExtractString(properties, 'campaign') AS campaign,
            client_id,
            minIf(occurred_at, type = 'email.delivered') AS sent,
            countIf(type = 'email.opened' AND activity) > 0 AS did_open
        FROM timeline
        WHERE kind = 'email' AND campaign LIKE 'news-%' AND client_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY campaign, client_id
        HAVING countIf(type = 'email.delivered') > 0
    ),
    ordered AS
    (
        SELECT m.campaign AS campaign, m.client_id AS client_id, any(m.did_open) AS did_open,
            countIf(o.occurred_at > m.sent AND o.occurred_at <= m.sent + INTERVAL 7 DAY) > 0 AS did_order
        FROM mailed AS m
        LEFT JOIN (SELECT client_id, occurred_at FROM order_movements WHERE type = 'order.placed') AS o ON o.client_id = m.client_id
        GROUP BY campaign, client_id
    )
SELECT
    campaign,
    countIf(did_open) AS opened,
    round(countIf(did_open AND did_order) / opened, 4) AS opened_ordered,
    countIf(NOT did_open) AS others,
    round(countIf(NOT did_open AND did_order) / others, 4) AS others_ordered
FROM ordered
GROUP BY campaign
ORDER BY campaign
