-- Items whose cost is known (npm run costs), with what each left over; the cost is that of the order's own day
-- client_key: Leaf key of the client; resolve it through identity_map
-- day: Day in the workspace's time zone
-- revenue: Amount in the workspace's currency, negative where money goes back; 0 where no exchange rate is known
-- margin: The same less the cost of the pieces
SELECT
    l.client_key AS client_key,
    l.day AS day,
    l.amount_here AS revenue,
    l.amount_here - CAST(l.quantity * k.unit_cost AS Decimal(38, 4)) AS margin
FROM
(
    SELECT
        o.client_key AS client_key, o.sku AS sku, o.day AS day, o.quantity AS quantity,
        multiIf(o.currency = '{{currency}}', o.amount, r.rate > 0 AND o.day - r.day <= (SELECT rate_days FROM profile_settings), CAST(round(o.amount * r.rate, 4) AS Decimal(38, 4)), CAST(0 AS Decimal(38, 4))) AS amount_here
    FROM
    (
        SELECT client_key, sku, toDate(occurred_at, '{{timezone}}') AS day, quantity, amount, toString(currency) AS currency
        FROM order_lines
        WHERE {{is_known client_key}} AND sku IN (SELECT sku FROM product_costs)
    ) AS o
    ASOF LEFT JOIN {{rates}} AS r ON r.currency = o.currency AND r.day <= o.day
) AS l
ASOF INNER JOIN (SELECT sku, since, unit_cost FROM product_costs FINAL) AS k ON k.sku = l.sku AND k.since <= l.day
