-- RFM: how many clients bought lately, often, for much?
-- Asked by: marketing
-- recency: 3 ordered in the last 30 days, 2 in the last 90, 1 longer ago
-- frequency: 3 ten orders or more, 2 three or more, 1 fewer
-- money: 3 net revenue of 5,000 or more, 2 of 1,000 or more, 1 less
-- clients: Clients with these scores
-- revenue: Their net revenue
WITH (SELECT today FROM workspace) AS today
SELECT
    multiIf(dateDiff('day', toDate(last_order), today) <= 30, 3, dateDiff('day', toDate(last_order), today) <= 90, 2, 1) AS recency,
    multiIf(orders >= 10, 3, orders >= 3, 2, 1) AS frequency,
    multiIf(revenue_net >= 5000, 3, revenue_net >= 1000, 2, 1) AS money,
    count() AS clients,
    toFloat64(sum(revenue_net)) AS revenue
FROM clients
WHERE orders > 0
GROUP BY recency, frequency, money
ORDER BY recency DESC, frequency DESC, money DESC
