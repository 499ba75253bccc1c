-- ABC: which clients make the first 80 % of revenue, which the next 15 %, which the rest?
-- Asked by: head of key accounts, sales
-- class: A, B or C
-- clients: Clients in it
-- revenue: Their net revenue of the last 365 days
-- share: Their share of all revenue, 0 to 1
WITH
    ranked AS
    (
        SELECT
            revenue_365d,
            sum(revenue_365d) OVER () AS total,
            -- Of those before, so that the client that crosses a limit still belongs to the better class.
            sum(revenue_365d) OVER (ORDER BY revenue_365d DESC, client_id ROWS UNBOUNDED PRECEDING) - revenue_365d AS before
        FROM clients
        WHERE revenue_365d > 0
    )
SELECT
    multiIf(before < total * 0.80, 'A', before < total * 0.95, 'B', 'C') AS class,
    count() AS clients,
    toFloat64(sum(revenue_365d)) AS revenue,
    round(revenue / toFloat64(any(total)), 4) AS share
FROM ranked
GROUP BY class
ORDER BY class
