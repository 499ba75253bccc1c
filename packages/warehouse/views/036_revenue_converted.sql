-- Revenue a day by leaf key and currency, in that currency and in the workspace's. An amount is converted at its own day, a refund at the day of the refund; a day without a rate takes the last one of the days before it (profile_settings.rate_days)
-- client_key: Leaf key of the client; resolve it through identity_map
-- day: Day in the workspace's time zone
-- currency: ISO 4217 code
-- orders: Sales
-- gross: Amount of sales, in the currency
-- returned: Amount of cancellations and refunds, in the currency
-- has_rate: False where no rate is known: the amount counts nowhere, see amounts_without_rate
-- gross_here: gross in the workspace's currency, 0 without a rate
-- returned_here: returned in the workspace's currency, 0 without a rate
-- first_order: First sale of the day; says nothing where all of them were taken back
-- last_order: Last sale of the day; says nothing where all of them were taken back
SELECT client_key, day, toString(currency) AS currency, orders, gross, returned, true AS has_rate, gross AS gross_here, returned AS returned_here,
    first_order, last_order
FROM revenue_daily
WHERE currency = '{{currency}}' AND {{is_known client_key}}

UNION ALL
SELECT
    d.client_key,
    d.day,
    d.currency,
    d.orders,
    d.gross,
    d.returned,
    r.rate > 0 AND d.day - r.day <= (SELECT rate_days FROM profile_settings) AS has_rate,
    if(has_rate, CAST(round(d.gross * r.rate, 4) AS Decimal(38, 4)), 0) AS gross_here,
    if(has_rate, CAST(round(d.returned * r.rate, 4) AS Decimal(38, 4)), 0) AS returned_here,
    d.first_order,
    d.last_order
FROM
(
    -- A day's sum is converted, not its parts: rounded sums would differ as ClickHouse merges rows.
    SELECT client_key, day, toString(t.currency) AS currency, sum(t.orders) AS orders, sum(t.gross) AS gross, sum(t.returned) AS returned,
        min(t.first_order) AS first_order, max(t.last_order) AS last_order
    FROM revenue_daily AS t
    WHERE t.currency != '{{currency}}' AND {{is_known client_key}}
    GROUP BY client_key, day, t.currency
) AS d
ASOF LEFT JOIN {{rates}} AS r ON r.currency = d.currency AND r.day <= d.day

