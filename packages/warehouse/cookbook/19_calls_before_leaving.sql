-- Who calls before they leave? Calls in the 30 days up to the last order, of clients who left and of those who stay
-- Asked by: head of key accounts
-- state: left (no order for 120 days) or stays; of clients with three orders or more
-- clients: Clients
-- called: Of these, with an answered call in the 30 days up to their last order
-- share: The second divided by the first
-- minutes: Minutes of these calls, on average over those who called
WITH
    (SELECT today FROM workspace) AS today,
    talks AS
    (
        SELECT c.client_id AS client_id, countIf(t.type = 'call.completed') AS calls, sum(t.duration_seconds) / 60 AS minutes
        FROM clients AS c
        INNER JOIN (SELECT client_id, occurred_at, type, duration_seconds FROM timeline WHERE kind = 'call') AS t ON t.client_id = c.client_id
        WHERE t.occurred_at <= c.last_order AND t.occurred_at > c.last_order - INTERVAL 30 DAY
        GROUP BY client_id
        HAVING calls > 0
    )
SELECT
    if(toDate(c.last_order) < today - 120, 'left', 'stays') AS state,
    count() AS clients,
    countIf(k.calls > 0) AS called,
    round(called / clients, 4) AS share,
    round(sum(k.minutes) / called, 1) AS minutes
FROM clients AS c
LEFT JOIN talks AS k ON k.client_id = c.client_id
WHERE c.orders >= 3
GROUP BY state
ORDER BY state
