-- XYZ: who buys steadily, who now and then?
-- Asked by: sales, purchasing
-- class: X steady, Y varying, Z irregular, by the coefficient of variation of the last 12 whole months (limits 0.5 and 1)
-- clients: Clients in it, of those who ordered in these months
-- revenue: What they ordered in these months
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
        -- Months without an order count as zeros: 12 months, however many have rows.
        SELECT client_id, sum(amount) AS total, sqrt(greatest(0, sum(amount * amount) / 12 - pow(total / 12, 2))) / (total / 12) AS variation
        FROM monthly
        GROUP BY client_id
        HAVING total > 0
    )
SELECT multiIf(variation <= 0.5, 'X', variation <= 1, 'Y', 'Z') AS class, count() AS clients, round(sum(total), 2) AS revenue
FROM per_client
GROUP BY class
ORDER BY class
