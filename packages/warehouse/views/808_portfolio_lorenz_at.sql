-- Lorenz curve of clients with a value above 0, a point for every hundredth of them, the smallest first
-- clients_share: Share of clients, 0 to 1
-- value_share: What they make of the value of all
SELECT ceil(100 * c.position / c.clients) / 100 AS clients_share, max(c.reached) / any(c.everything) AS value_share
FROM
(
    SELECT
        row_number() OVER smallest_first AS position,
        count() OVER () AS clients,
        toFloat64(sum(p.value) OVER (ORDER BY p.value, p.client_id DESC ROWS UNBOUNDED PRECEDING)) AS reached,
        toFloat64(sum(p.value) OVER ()) AS everything
    FROM portfolio_at(as_of = {as_of:Date}) AS p
    WHERE p.value > 0
    WINDOW smallest_first AS (ORDER BY p.value, p.client_id DESC)
) AS c
GROUP BY clients_share
UNION ALL
SELECT 0 AS clients_share, 0 AS value_share
