-- Clients who are lost on the day, whom to call first at the top: order by expected_value desc
-- client_id: Client
-- name: Its name, else its strongest identifier
-- owner: Account manager
-- lost_on: Day on which it counted as lost
-- last_order: Last day with an order
-- because: silence, or said where people said so
-- revenue_before: Net revenue of the 365 days up to the last order
-- chance: Chance that it orders again within 12 months
-- chance_by: model (a fitted model's, by its own orders: client_forecasts.p_order) or returns (by how long it is away: portfolio_returns); who said that they left is judged by returns
-- expected_value: Revenue of those 12 months that the model expects; else revenue_before times chance
-- last_bought: Three products of the last day with an order
-- reason: Written field lost_reason
-- offer: Written field win_back_offer
-- offered_by: Who wrote it
-- offered_at: Since when it holds (UTC); NULL without an offer
-- outcome: Written field win_back_outcome
SELECT
    l.client_id AS client_id,
    if(s.name = '', i.label, s.name) AS name,
    s.owner AS owner,
    l.lost_on AS lost_on,
    l.last_order AS last_order,
    l.because AS because,
    l.revenue_before AS revenue_before,
    coalesce(f.p_order, toFloat64(r.chance)) AS chance,
    if(isNull(f.p_order), 'returns', 'model') AS chance_by,
    coalesce(if(isNull(f.p_order), NULL, f.value), toFloat64(greatest(l.revenue_before, 0)) * chance) AS expected_value,
    b.products AS last_bought,
    w.reason AS reason,
    w.offer AS offer,
    w.offered_by AS offered_by,
    w.offered_at AS offered_at,
    w.outcome AS outcome
FROM (SELECT *, intDiv(toInt32({as_of:Date} - lost_on), 30) AS months_away FROM client_losses_at(as_of = {as_of:Date}) WHERE isNull(won_back_on)) AS l
LEFT JOIN portfolio_returns_at(as_of = {as_of:Date}) AS r ON r.months_away = l.months_away
LEFT JOIN
(
    -- A forecast says nothing of a client who ordered once, nor where hardly anyone leaves; an old one is of other orders.
    SELECT client_id, newest.1 AS p_order, newest.2 AS value
    FROM
    (
        SELECT {{client_of k.forecast_key}} AS client_id, argMax((if(k.caution = '', k.p_order, NULL), toFloat64(k.expected_value)), (k.as_of, k.order_days)) AS newest
        FROM (SELECT client_id AS forecast_key, * EXCEPT client_id FROM client_forecasts_log WHERE as_of <= {as_of:Date} AND as_of > {as_of:Date} - 31) AS k
        {{join_client_of k.forecast_key}}
        GROUP BY client_id
    )
) AS f ON f.client_id = l.client_id AND l.because = 'silence'
LEFT JOIN client_labels AS i ON i.client_id = l.client_id
LEFT JOIN client_said AS s ON s.client_id = l.client_id
LEFT JOIN
(
    SELECT
        client_id,
        anyIf(JSONExtractString(t.value), trait = 'lost_reason') AS reason,
        anyIf(JSONExtractString(t.value), trait = 'win_back_offer') AS offer,
        anyIf(t.who, trait = 'win_back_offer') AS offered_by,
        nullIf(maxIf(t.since, trait = 'win_back_offer'), toDateTime64(0, 3, 'UTC')) AS offered_at,
        anyIf(JSONExtractString(t.value), trait = 'win_back_outcome') AS outcome
    FROM client_traits_now AS t
    WHERE trait IN ('lost_reason', 'win_back_offer', 'win_back_outcome')
    GROUP BY client_id
) AS w ON w.client_id = l.client_id
LEFT JOIN
(
    SELECT {{client_of k.owner_key}} AS client_id, argMax(k.products, k.day) AS products
    FROM
    (
        SELECT {{owner client_key day}} AS owner_key, day, groupUniqArray(3)(if(name = '', sku, name)) AS products
        FROM (SELECT client_key, toDate(occurred_at, '{{timezone}}') AS day, name, sku FROM order_lines WHERE type = 'order.placed' AND {{is_known client_key}})
        WHERE day <= {as_of:Date}
        GROUP BY owner_key, day
    ) AS k
    {{join_client_of k.owner_key}}
    GROUP BY client_id
) AS b ON b.client_id = l.client_id
