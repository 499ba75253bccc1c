-- First and last day with an order up to the day
-- client_id: Client
-- first_order_day: First day with an order
-- last_order_day: Last day with an order
SELECT {{client_of k.owner_key}} AS client_id, min(k.first_day) AS first_order_day, max(k.last_day) AS last_order_day
FROM
(
    SELECT {{owner client_key day}} AS owner_key, min(day) AS first_day, max(day) AS last_day
    FROM (SELECT client_key, day FROM revenue_daily WHERE day <= {as_of:Date} AND {{is_known client_key}} GROUP BY client_key, day HAVING sum(orders) > 0)
    GROUP BY owner_key
) AS k
{{join_client_of k.owner_key}}
GROUP BY client_id
