-- How concentrated is our revenue, and is it dangerous?
-- Asked by: head of key accounts, board
-- herfindahl: Herfindahl index of the last 365 days: the sum of squared shares, 1 for one client, near 0 for many alike
-- equal_clients: So many clients of equal size would be as concentrated (1 / herfindahl)
-- largest_share: Share of the largest client
-- key: Clients above 10 % of revenue
-- dependence: Clients above 20 %
-- one_client_company: Clients above 50 %
WITH (SELECT sum(toFloat64(revenue_365d)) FROM clients WHERE revenue_365d > 0) AS total
SELECT
    round(sum(pow(toFloat64(revenue_365d) / total, 2)), 6) AS herfindahl,
    round(1 / sum(pow(toFloat64(revenue_365d) / total, 2)), 1) AS equal_clients,
    round(max(toFloat64(revenue_365d) / total), 4) AS largest_share,
    countIf(toFloat64(revenue_365d) / total > 0.1) AS key,
    countIf(toFloat64(revenue_365d) / total > 0.2) AS dependence,
    countIf(toFloat64(revenue_365d) / total > 0.5) AS one_client_company
FROM clients
WHERE revenue_365d > 0
