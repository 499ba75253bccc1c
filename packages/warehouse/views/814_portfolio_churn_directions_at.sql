-- Where clients are lost: by month and direction
-- month: First day of the month in which they were lost
-- direction: industry, region, owner, reason (written field lost_reason) or products (the group that brought most)
-- value: Which one; empty where nobody said
-- lost: Clients
-- revenue_lost: What they had brought in the year up to their last order
-- came_back: Of these, clients who have ordered again
SELECT toStartOfMonth(l.lost_on) AS month, way.1 AS direction, way.2 AS value, count() AS lost, sum(l.revenue_before) AS revenue_lost, countIf(isNotNull(l.won_back_on)) AS came_back
FROM client_losses_at(as_of = {as_of:Date}) AS l
LEFT JOIN client_said AS s ON s.client_id = l.client_id
LEFT JOIN (SELECT client_id, JSONExtractString(value) AS reason FROM client_traits_now WHERE trait = 'lost_reason') AS w ON w.client_id = l.client_id
LEFT JOIN
(
    SELECT {{client_of k.owner_key}} AS client_id, argMax(k.category, k.amount) AS category
    FROM
    (
        SELECT {{owner client_key day}} AS owner_key, toString(category) AS category, sum(amount) AS amount
        FROM (SELECT client_key, toDate(occurred_at, '{{timezone}}') AS day, category, amount FROM order_lines WHERE category != '' AND {{is_known client_key}})
        GROUP BY owner_key, category
    ) AS k
    {{join_client_of k.owner_key}}
    GROUP BY client_id
) AS g ON g.client_id = l.client_id
ARRAY JOIN [('industry', s.industry), ('region', s.region), ('owner', s.owner), ('reason', w.reason), ('products', g.category)] AS way
GROUP BY month, direction, value
