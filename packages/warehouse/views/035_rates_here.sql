-- Exchange rates into the workspace's currency, made through the euro, on the days that both were published for
-- currency: ISO 4217 code
-- day: Day
-- rate: One of the currency is so much of the workspace's
SELECT r.currency AS currency, r.day AS day, CAST(toDecimal128(h.per_euro, 20) / r.per_euro AS Decimal(38, 12)) AS rate
FROM (SELECT currency, day, per_euro FROM exchange_rates FINAL WHERE currency != '{{currency}}') AS r
INNER JOIN (SELECT day, per_euro FROM exchange_rates FINAL WHERE currency = '{{currency}}') AS h ON h.day = r.day
