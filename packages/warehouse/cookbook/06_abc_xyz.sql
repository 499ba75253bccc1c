-- ABC-XYZ: how many clients are both large and steady, large and irregular, …?
-- Asked by: head of key accounts
-- abc: A, B or C by what was ordered in the last 12 whole months (80 %, 95 %)
-- x: Of these, steady ones (coefficient of variation up to 0.5)
-- y: Of these, varying ones (up to 1)
-- z: Of these, irregular ones
WITH
    (SELECT today FROM workspace) AS today,
    toStartOfMonth(today) AS this_month,
    monthly AS
    (
        SELECT client_id, toStartOfMonth(day) AS month, sum(toFloat64(amount)) AS amount
        FROM order_movements
        WHERE type = 'order.placed' AND day >= this_month - INTERVAL 12 MONTH AND day < this_month
            AND client_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY client_id, month
    ),
    per_client AS
    (
        SELECT client_id, sum(amount) AS total, sqrt(greatest(0, sum(amount * amount) / 12 - pow(total / 12, 2))) / (total / 12) AS variation
        FROM monthly
        GROUP BY client_id
        HAVING total > 0
    ),
    ranked AS
    (
        SELECT variation, sum(total) OVER () AS everything, sum(total) OVER (ORDER BY total DESC, client_id ROWS UNBOUNDED PRECEDING) - total AS before
        FROM per_client
    )
SELECT
    multiIf(before < everything * 0.80, 'A', before < everything * 0.95, 'B', 'C') AS abc,
    countIf(variation <= 0.5) AS x,
    countIf(variation > 0.5 AND variation <= 1) AS y,
    countIf(variation > 1) AS z
FROM ranked
GROUP BY abc
ORDER BY abc
