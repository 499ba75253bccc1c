-- Where does revenue come from?
-- Asked by: head of key accounts, marketing
-- country: What was last said of the client, in the trait country
-- clients: Clients with revenue in the last 365 days
-- revenue: Their net revenue
-- share: Share of all, 0 to 1
SELECT
    JSONExtractString(t.value) AS country,
    count() AS clients,
    toFloat64(sum(c.revenue_365d)) AS revenue,
    round(revenue / sum(revenue) OVER (), 4) AS share
FROM clients AS c
LEFT JOIN client_traits_now AS t ON t.client_id = c.client_id AND t.trait = 'country'
WHERE c.revenue_365d > 0
GROUP BY country
ORDER BY revenue DESC, country
