-- What if these clients left, with the companies below them? The months after the day as the same ones a year before, with and without them: portfolio_without(clients = ['…'])
-- month: First day of the month to come
-- revenue: Net revenue that is expected with them: that of the same month a year before
-- revenue_lost: Their part of it
-- margin_lost: Their margin of items whose cost is known
-- cash_lost: Money that would not come in: revenue_lost, later by the days that they take to pay (payments, else the written field payment_days, else 30)
WITH RECURSIVE
    below AS
    (
        SELECT arrayJoin({clients:Array(UUID)}) AS client_id, 0 AS depth
        UNION ALL
        SELECT p.child AS client_id, b.depth + 1 AS depth
        FROM below AS b
        INNER JOIN client_parents AS p ON p.parent = b.client_id
        WHERE b.depth < 20 AND p.since <= {as_of:Date} AND p.until > {as_of:Date}
    ),
    payment AS
    (
        SELECT coalesce(
            (SELECT avgOrNull(y.days_to_pay) FROM payments AS y WHERE y.client_id IN (SELECT client_id FROM below)),
            (SELECT avgOrNull(toFloat64OrNull(t.value)) FROM client_traits_now AS t WHERE t.trait = 'payment_days' AND t.client_id IN (SELECT client_id FROM below)),
            30) AS days
    )
SELECT
    addMonths({as_of:Date} + 1, f.ahead) AS month,
    sum(f.revenue) AS revenue,
    sum(f.revenue_lost) AS revenue_lost,
    sum(f.margin_lost) AS margin_lost,
    sum(f.cash_lost) AS cash_lost
FROM
(
    SELECT
        11 - m.ago AS ahead,
        m.revenue AS revenue,
        if(m.client_id IN (SELECT client_id FROM below), m.revenue, 0) AS revenue_lost,
        if(m.client_id IN (SELECT client_id FROM below), m.margin, 0) AS margin_lost,
        toDecimal128(0, 4) AS cash_lost
    FROM portfolio_months_at(as_of = {as_of:Date}) AS m
    WHERE m.ago < 12
    UNION ALL
    SELECT 11 - m.ago + toInt32(round((SELECT days FROM payment) / 30.4)) AS ahead, 0, 0, 0, m.revenue
    FROM portfolio_months_at(as_of = {as_of:Date}) AS m
    WHERE m.ago < 12 AND m.client_id IN (SELECT client_id FROM below) AND ahead < 12
) AS f
GROUP BY month
