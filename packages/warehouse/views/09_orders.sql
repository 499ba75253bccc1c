-- Orders, cancellations and refunds, a row each
-- client_id: Client now, all zeros where unknown
-- order_id: Order
-- occurred_at: When (UTC)
-- local_time: The same moment on the clocks of the workspace
-- day: The same as a day in the workspace's time zone
-- type: order.placed, order.cancelled or order.refunded
-- amount: Amount, negative where money goes back
-- currency: ISO 4217 code
-- amount_here: Amount in the workspace's currency, by the rate of its day; NULL where no rate is known
-- lines: Number of items
-- source: Source
-- event_id: The sender's id
SELECT
    {{client_id e}} AS client_id,
    e.order_id AS order_id,
    e.occurred_at AS occurred_at,
    toTimeZone(e.occurred_at, '{{timezone}}') AS local_time,
    toDate(e.occurred_at, '{{timezone}}') AS day,
    e.type AS type,
    e.amount * e.revenue_sign AS amount,
    e.currency AS currency,
    multiIf(e.currency = '{{currency}}', toNullable(CAST(e.amount * e.revenue_sign AS Decimal(38, 4))),
        r.rate > 0 AND toDate(e.occurred_at, '{{timezone}}') - r.day <= (SELECT rate_days FROM profile_settings), toNullable(CAST(round(e.amount * e.revenue_sign * r.rate, 4) AS Decimal(38, 4))), NULL) AS amount_here,
    length(e.items) AS lines,
    e.source AS source,
    e.event_id AS event_id
FROM events AS e
{{join_clients e}}
ASOF LEFT JOIN rates_here AS r ON r.currency = e.currency AND r.day <= toDate(e.occurred_at, '{{timezone}}')
WHERE e.revenue_sign != 0
