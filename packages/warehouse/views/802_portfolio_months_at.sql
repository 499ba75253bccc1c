-- Revenue and margin by client and month. Months are counted back from the day, so that none is cut off: up to 22 November the last one began on 23 October; up to the end of a month they are those of the calendar. Twice the portfolio's months, so that each has one to compare with
-- client_id: Client
-- ago: 0 for the last month
-- since: First day of the month
-- orders: Orders placed
-- revenue: Net revenue in the workspace's currency
-- margin: Margin of items whose cost is known
-- margin_revenue: Revenue of these items
WITH
    {as_of:Date} + 1 AS next,
    addMonths(next, -2 * (SELECT toInt32(months) FROM portfolio_settings)) AS first
SELECT
    {{client_of k.owner_key}} AS client_id,
    k.ago AS ago,
    addMonths(next, -1 - k.ago) AS since,
    sum(k.orders) AS orders,
    sum(k.revenue) AS revenue,
    sum(k.margin) AS margin,
    sum(k.margin_revenue) AS margin_revenue
FROM
(
    SELECT
        {{owner client_key day}} AS owner_key,
        toInt32(dateDiff('month', day, next)) - (day >= addMonths(next, -dateDiff('month', day, next))) AS ago,
        sum(r.orders) AS orders,
        sum(r.gross_here - r.returned_here) AS revenue,
        CAST(0 AS Decimal(38, 4)) AS margin,
        CAST(0 AS Decimal(38, 4)) AS margin_revenue
    FROM revenue_converted AS r
    WHERE day >= first AND day < next
    GROUP BY owner_key, ago
    UNION ALL
    SELECT
        {{owner client_key day}} AS owner_key,
        toInt32(dateDiff('month', day, next)) - (day >= addMonths(next, -dateDiff('month', day, next))) AS ago,
        toInt64(0) AS orders,
        CAST(0 AS Decimal(38, 4)) AS revenue,
        sum(l.margin) AS margin,
        sum(l.revenue) AS margin_revenue
    FROM line_margins AS l
    WHERE day >= first AND day < next
    GROUP BY owner_key, ago
) AS k
{{join_client_of k.owner_key}}
GROUP BY client_id, ago
