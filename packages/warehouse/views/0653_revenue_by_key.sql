-- Revenue by leaf key, in the workspace's currency; clients sums it by client
-- owner_key: Leaf key, or the client where a person moved: map it through identity_map
-- orders: Sales
-- orders_7d: Of these, in the last 7 days
-- orders_30d: Of these, in the last 30 days
-- orders_90d: Of these, in the last 90 days
-- orders_365d: Of these, in the last 365 days
-- revenue_gross: Amount of sales, in the workspace's currency; other currencies converted at the rate of the day
-- revenue_net: The same less cancellations and refunds
-- revenue_30d: Net revenue of the last 30 days
-- revenue_90d: Net revenue of the last 90 days
-- revenue_365d: Net revenue of the last 365 days
-- revenue_365d_before: Net revenue of the 365 days before those
-- first_order: First sale
-- last_order: Last sale
-- other_currencies: Currencies of amounts that are in no sum above, because no exchange rate is known: amounts_without_rate
WITH
    toDate(now('{{timezone}}')) AS today_here,
    -- Days whose sales were all taken back. There are few, so that others need no sums by day.
    (client_key, day) IN
    (
        SELECT client_key, day FROM revenue_daily
        WHERE client_key IN (SELECT client_key FROM revenue_daily AS b WHERE b.orders < 0)
        GROUP BY client_key, day HAVING sum(revenue_daily.orders) <= 0
    ) AS taken_back
SELECT
    {{owner client_key day}} AS owner_key,
    sum(revenue_converted.orders) AS orders,
    sumIf(revenue_converted.orders, day > today_here - 7) AS orders_7d,
    sumIf(revenue_converted.orders, day > today_here - 30) AS orders_30d,
    sumIf(revenue_converted.orders, day > today_here - 90) AS orders_90d,
    sumIf(revenue_converted.orders, day > today_here - 365) AS orders_365d,
    sum(gross_here) AS revenue_gross,
    sum(gross_here - returned_here) AS revenue_net,
    sumIf(gross_here - returned_here, day > today_here - 30) AS revenue_30d,
    sumIf(gross_here - returned_here, day > today_here - 90) AS revenue_90d,
    sumIf(gross_here - returned_here, day > today_here - 365) AS revenue_365d,
    sumIf(gross_here - returned_here, day > today_here - 730 AND day <= today_here - 365) AS revenue_365d_before,
    minIf(revenue_converted.first_order, revenue_converted.orders > 0 AND NOT taken_back) AS first_order,
    maxIf(revenue_converted.last_order, revenue_converted.orders > 0 AND NOT taken_back) AS last_order,
    groupUniqArrayIf(currency, NOT has_rate) AS other_currencies
FROM revenue_converted AS revenue_converted
GROUP BY owner_key
