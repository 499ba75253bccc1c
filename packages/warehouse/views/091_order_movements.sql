-- What orders did to revenue, a row each: a sale on its own day, refunds, cancellations and lost disputes on theirs. Sums of it are revenue
-- client_id: Client now, all zeros where unknown
-- order_id: Order
-- occurred_at: When (UTC)
-- local_time: The same moment on the clocks of the workspace
-- day: The same as a day in the workspace's time zone
-- type: order.placed, order.cancelled, order.refunded or order.disputed
-- refund_id: Id of the refund, the dispute or the part that was cancelled; rest for what a whole cancellation took
-- amount: Amount, negative where money goes back
-- currency: ISO 4217 code
-- amount_here: Amount in the workspace's currency, by the rate of its day; NULL where no rate is known
-- lines: Number of items
-- source: Source
SELECT
    {{client_id e}} AS client_id,
    e.order_id AS order_id,
    e.occurred_at AS occurred_at,
    toTimeZone(e.occurred_at, '{{timezone}}') AS local_time,
    toDate(e.occurred_at, '{{timezone}}') AS day,
    e.type AS type,
    e.refund_id AS refund_id,
    e.amount AS amount,
    e.currency AS currency,
    multiIf(e.currency = '{{currency}}', toNullable(CAST(e.amount AS Decimal(38, 4))),
        r.rate > 0 AND toDate(e.occurred_at, '{{timezone}}') - r.day <= (SELECT rate_days FROM profile_settings), toNullable(CAST(round(e.amount * r.rate, 4) AS Decimal(38, 4))), NULL) AS amount_here,
    e.lines AS lines,
    e.source AS source
FROM
(
    SELECT
        client_key, order_id, moved.at AS occurred_at, concat('order.', moved.kind) AS type, moved.id AS refund_id,
        moved.gross - moved.returned AS amount, toString(moved.currency) AS currency,
        arrayCount(line -> line.kind = moved.kind AND line.at = moved.at, lines) AS lines, source
    FROM client_orders FINAL
    ARRAY JOIN movements AS moved
    WHERE NOT gone
) AS e
{{join_clients e}}
ASOF LEFT JOIN rates_here AS r ON r.currency = e.currency AND r.day <= toDate(e.occurred_at, '{{timezone}}')
