-- Amounts that are in no sum of the workspace's currency, because no exchange rate is known for their day: load rates with npm run rates
-- currency: ISO 4217 code
-- days: Number of days
-- first_day: First of them
-- last_day: Last of them
-- orders: Orders placed on them
-- gross: Amount of orders placed, in the currency
-- net: The same less cancellations and refunds
SELECT
    currency,
    uniqExact(day) AS days,
    min(day) AS first_day,
    max(day) AS last_day,
    sum(revenue_converted.orders) AS orders,
    sum(revenue_converted.gross) AS gross,
    sum(revenue_converted.gross - returned) AS net
FROM revenue_converted
WHERE NOT has_rate AND (revenue_converted.orders != 0 OR revenue_converted.gross != 0 OR returned != 0)
GROUP BY currency
