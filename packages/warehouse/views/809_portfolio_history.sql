-- The portfolio at the end of each month that is over; computed anew where later events, joined clients or other limits change it
-- month: First day of the month; figures are as of its last day
-- client_id: Client
-- name: Its name now, else its strongest identifier
-- place: 1 for the largest by value
-- orders: Orders placed in the portfolio's months
-- revenue: Net revenue of these months
-- margin: Margin of items whose cost is known
-- value: Revenue or margin, as portfolio_settings.measure says
-- share: Share of the value of all clients whose value is above 0
-- variation: Coefficient of variation of the months' revenue
-- abc: A, B or C
-- xyz: X, Y or Z
-- how_often: often, regularly or irregularly
-- rfm: Recency, frequency and money, such as 5-3-4
-- computed_at: When it was computed (UTC)
-- restated_at: The same where it was computed before, from something else: an order was edited, events came late, clients were joined, a limit was changed (UTC); NULL where it stands as at first
SELECT
    h.month AS month,
    h.client_id AS client_id,
    if(w.name = '', i.label, w.name) AS name,
    h.place AS place,
    h.orders AS orders,
    h.revenue AS revenue,
    h.margin AS margin,
    h.value AS value,
    h.share AS share,
    h.variation AS variation,
    toString(h.abc) AS abc,
    toString(h.xyz) AS xyz,
    toString(h.how_often) AS how_often,
    toString(h.rfm) AS rfm,
    h.computed_at AS computed_at,
    if(h.computed_at > f.first_at, toNullable(h.computed_at), NULL) AS restated_at
FROM (SELECT * FROM portfolio_history_log WHERE (month, computed_at) IN (SELECT month, max(computed_at) FROM portfolio_history_log GROUP BY month)) AS h
LEFT JOIN (SELECT month, min(computed_at) AS first_at FROM portfolio_history_log GROUP BY month) AS f ON f.month = h.month
LEFT JOIN client_labels AS i ON i.client_id = h.client_id
LEFT JOIN client_names AS w ON w.client_id = h.client_id
