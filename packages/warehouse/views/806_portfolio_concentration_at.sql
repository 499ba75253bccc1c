-- How much hangs on how few: one row
-- clients: Clients in the portfolio
-- value: Value of all (portfolio_settings.measure), those below 0 too
-- largest: The largest client
-- largest_name: Its name
-- largest_share: Its share
-- herfindahl: Herfindahl index, the sum of squared shares: 1 is one client, 1/n are n equal ones
-- equal_clients: So many equal clients would be as concentrated
-- gini: Gini coefficient of clients with a value above 0: 0 where all are equal
SELECT
    count() AS clients,
    sum(p.value) AS value,
    argMin(p.client_id, p.place) AS largest,
    argMin(p.name, p.place) AS largest_name,
    argMin(p.share, p.place) AS largest_share,
    sum(pow(p.share, 2)) AS herfindahl,
    1 / herfindahl AS equal_clients,
    -- (n + 1 - 2 Σ place·value / Σ value) / n, where places count from the largest.
    (countIf(p.value > 0) + 1 - 2 * sumIf(p.place * toFloat64(p.value), p.value > 0) / sumIf(toFloat64(p.value), p.value > 0)) / countIf(p.value > 0) AS gini
FROM portfolio_at(as_of = {as_of:Date}) AS p
