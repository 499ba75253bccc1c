-- Figures that criteria may be made of, a row a client of the portfolio and measure: revenue, margin, growth (of clients since the first month compared), orders, order_months, tenure_days, recency_days, steadiness, acts_90d, share_of_budget, and every field that is a number, written by people or said by sources (nps, csat, custom.…)
-- client_id: Client
-- measure: Its name
-- figure: The figure
-- from_people: True where a person wrote it, or a part of it
SELECT m.client_id AS client_id, pair.1 AS measure, assumeNotNull(pair.2) AS figure, pair.1 = 'share_of_budget' AS from_people
FROM
(
    SELECT
        p.client_id AS client_id,
        [
            ('revenue', toNullable(toFloat64(p.revenue))),
            ('margin', if(p.margin_revenue = 0, NULL, toNullable(toFloat64(p.margin)))),
            ('growth', if(p.revenue_before > 0 AND p.first_order < addMonths({as_of:Date} + 1, 1 - 2 * (SELECT toInt32(months) FROM portfolio_settings)), toNullable(toFloat64(p.revenue) / toFloat64(p.revenue_before) - 1), NULL)),
            ('orders', toNullable(toFloat64(p.orders))),
            ('order_months', toNullable(toFloat64(p.order_months))),
            ('tenure_days', toNullable(toFloat64({as_of:Date} - p.first_order))),
            ('recency_days', toNullable(toFloat64({as_of:Date} - p.last_order))),
            ('steadiness', if(isNull(p.variation), NULL, toNullable(-p.variation))),
            ('acts_90d', toNullable(toFloat64(a.acts))),
            ('share_of_budget', if(ifNull(b.budget, 0) > 0, toNullable(toFloat64(p.revenue) / b.budget), NULL))
        ] AS figures
    FROM portfolio_at(as_of = {as_of:Date}) AS p
    LEFT JOIN
    (
        SELECT {{client_of k.owner_key}} AS client_id, sum(k.acts) AS acts
        FROM
        (
            SELECT {{owner client_key day}} AS owner_key, sum(d.active) AS acts
            FROM activity_daily AS d
            WHERE day > {as_of:Date} - 90 AND day <= {as_of:Date} AND {{is_known client_key}}
            GROUP BY owner_key
        ) AS k
        {{join_client_of k.owner_key}}
        GROUP BY client_id
    ) AS a ON a.client_id = p.client_id
    LEFT JOIN (SELECT client_id, argMax(toFloat64OrNull(value), h.since) AS budget FROM client_traits_history AS h WHERE trait = 'budget' AND toDate(h.since, '{{timezone}}') <= {as_of:Date} GROUP BY client_id) AS b ON b.client_id = p.client_id
) AS m
ARRAY JOIN m.figures AS pair
WHERE isNotNull(pair.2)
UNION ALL
SELECT client_id, trait AS measure, assumeNotNull(toFloat64OrNull(trim(BOTH '"' FROM newest.1))) AS figure, newest.2 = 'written' AS from_people
FROM
(
    -- What people wrote counts first.
    SELECT client_id, trait, argMax((value, source), (source = 'written', h.since)) AS newest
    FROM client_traits_history AS h
    WHERE toDate(h.since, '{{timezone}}') <= {as_of:Date}
    GROUP BY client_id, trait
)
WHERE isNotNull(toFloat64OrNull(trim(BOTH '"' FROM newest.1)))
    AND client_id IN (SELECT client_id FROM portfolio_months_at(as_of = {as_of:Date}) WHERE ago < (SELECT toInt32(months) FROM portfolio_settings))
