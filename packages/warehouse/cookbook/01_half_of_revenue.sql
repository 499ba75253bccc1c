-- How few clients make half of our revenue?
-- Asked by: head of key accounts, finance
-- clients_for_half: The smallest number of clients that together make half of the last 365 days' net revenue
-- clients: Clients with revenue in that time
-- share_of_clients: The first divided by the second
WITH
    ranked AS
    (
        SELECT
            revenue_365d,
            sum(revenue_365d) OVER (ORDER BY revenue_365d DESC, client_id ROWS UNBOUNDED PRECEDING) AS so_far,
            sum(revenue_365d) OVER () AS total
        FROM clients
        WHERE revenue_365d > 0
    )
SELECT
    countIf(so_far - revenue_365d < total / 2) AS clients_for_half,
    count() AS clients,
    round(clients_for_half / clients, 4) AS share_of_clients
FROM ranked
