-- One row a client with an order or a return in the portfolio's months (portfolio_settings.months): share, ABC, XYZ, RFM
-- client_id: Client
-- name: Name, else its strongest identifier
-- place: 1 for the largest by value
-- orders: Orders placed
-- revenue: Net revenue in the workspace's currency
-- revenue_before: The same of as many months before
-- margin: Margin of items whose cost is known
-- margin_revenue: Revenue of these items
-- value: Revenue or margin, as portfolio_settings.measure says: what shares and ABC are of
-- share: Share of the value of all clients whose value is above 0; 0 for the others, NULL where there are none
-- cumulative_share: Share of this client and all larger ones
-- abc: A, B or C
-- variation: Coefficient of variation of the months' revenue; NULL where it is not above 0
-- xyz: X, Y or Z by variation
-- order_months: Months with an order
-- how_often: often, regularly or irregularly, by order_months
-- first_order: Day of the first order ever; NULL where there was none
-- last_order: Day of the last order; NULL where there was none
-- recency: RFM score for how lately, higher is better; 0 without an order in these months
-- frequency: RFM score for how many orders
-- money: RFM score for value
-- rfm: The three in one, such as 5-3-4
WITH
    totals AS
    (
        SELECT
            p.client_id AS client_id,
            sum(p.orders) AS orders,
            sum(p.revenue) AS revenue,
            sum(p.revenue_before) AS revenue_before,
            sum(p.margin) AS margin,
            sum(p.margin_revenue) AS margin_revenue,
            sum(p.order_months) AS order_months,
            sum(p.rows) AS rows,
            sum(pow(toFloat64(p.revenue), 2)) AS squares
        FROM
        (
            SELECT
                m.client_id AS client_id,
                intDiv(m.ago, (SELECT toInt32(xyz_months) FROM portfolio_settings)) AS period,
                m.ago < (SELECT toInt32(months) FROM portfolio_settings) AS within,
                sumIf(m.orders, within) AS orders,
                sumIf(m.revenue, within) AS revenue,
                sumIf(m.revenue, NOT within) AS revenue_before,
                sumIf(m.margin, within) AS margin,
                sumIf(m.margin_revenue, within) AS margin_revenue,
                countIf(m.orders > 0 AND within) AS order_months,
                countIf(within) AS rows
            FROM portfolio_months_at(as_of = {as_of:Date}) AS m
            GROUP BY client_id, period, within
        ) AS p
        GROUP BY client_id
        HAVING rows > 0
    ),
    valued AS
    (
        SELECT
            t.client_id AS client_id, t.orders AS orders, t.revenue AS revenue, t.revenue_before AS revenue_before,
            t.margin AS margin, t.margin_revenue AS margin_revenue, t.order_months AS order_months,
            s.abc_by AS abc_by, s.abc_a AS abc_a, s.abc_b AS abc_b, s.xyz_x AS xyz_x, s.xyz_y AS xyz_y,
            s.often AS often, s.regularly AS regularly, s.rfm_scores AS rfm_scores, s.months AS months,
            if(s.measure = 'margin', t.margin, t.revenue) AS value,
            ceil(s.months / s.xyz_months) AS periods,
            if(toFloat64(t.revenue) > 0, toNullable(sqrt(greatest(0, t.squares / periods - pow(toFloat64(t.revenue) / periods, 2))) / (toFloat64(t.revenue) / periods)), NULL) AS variation,
            d.first_order_day AS first_day,
            d.last_order_day AS last_day
        FROM totals AS t
        CROSS JOIN portfolio_settings AS s
        LEFT JOIN client_order_days_at(as_of = {as_of:Date}) AS d ON d.client_id = t.client_id
    ),
    ranked AS
    (
        SELECT
            v.*,
            row_number() OVER by_value AS place,
            sum(greatest(v.value, 0)) OVER (ORDER BY v.value DESC, v.client_id ROWS UNBOUNDED PRECEDING) AS reached,
            toFloat64(sum(greatest(v.value, 0)) OVER ()) AS everything,
            if(v.abc_by = 'clients', (place - 1) / count() OVER (), toFloat64(reached - v.value) / everything) AS before,
            -- Clients who did worse, of those with an order: equal ones have the same score.
            count() OVER (PARTITION BY v.orders > 0) AS buyers,
            rank() OVER (PARTITION BY v.orders > 0 ORDER BY v.last_day) - 1 AS earlier,
            rank() OVER (PARTITION BY v.orders > 0 ORDER BY v.orders) - 1 AS fewer,
            rank() OVER (PARTITION BY v.orders > 0 ORDER BY v.value) - 1 AS smaller
        FROM valued AS v
        WINDOW by_value AS (ORDER BY v.value DESC, v.client_id)
    )
SELECT
    r.client_id AS client_id,
    if(w.name = '', i.label, w.name) AS name,
    r.place AS place,
    r.orders AS orders,
    r.revenue AS revenue,
    r.revenue_before AS revenue_before,
    r.margin AS margin,
    r.margin_revenue AS margin_revenue,
    r.value AS value,
    if(r.everything > 0, toNullable(toFloat64(greatest(r.value, 0)) / r.everything), NULL) AS share,
    if(r.everything > 0, toNullable(toFloat64(r.reached) / r.everything), NULL) AS cumulative_share,
    multiIf(r.value <= 0 OR r.everything <= 0, 'C', r.before < r.abc_a, 'A', r.before < r.abc_b, 'B', 'C') AS abc,
    r.variation AS variation,
    multiIf(ifNull(r.variation <= r.xyz_x, false), 'X', ifNull(r.variation <= r.xyz_y, false), 'Y', 'Z') AS xyz,
    r.order_months AS order_months,
    multiIf(r.order_months >= r.often * r.months, 'often', r.order_months >= r.regularly * r.months, 'regularly', 'irregularly') AS how_often,
    nullIf(r.first_day, toDate(0)) AS first_order,
    nullIf(r.last_day, toDate(0)) AS last_order,
    toUInt8(if(r.orders > 0, 1 + intDiv(r.earlier * r.rfm_scores, r.buyers), 0)) AS recency,
    toUInt8(if(r.orders > 0, 1 + intDiv(r.fewer * r.rfm_scores, r.buyers), 0)) AS frequency,
    toUInt8(if(r.orders > 0, 1 + intDiv(r.smaller * r.rfm_scores, r.buyers), 0)) AS money,
    concat(toString(recency), '-', toString(frequency), '-', toString(money)) AS rfm
FROM ranked AS r
LEFT JOIN client_labels AS i ON i.client_id = r.client_id
LEFT JOIN client_names AS w ON w.client_id = r.client_id
