-- How each client pays its invoices
-- client_id: Client
-- invoices: Number of invoices, without those that were voided
-- paid: Of these, paid
-- paid_on_time_share: Share of paid invoices with a due date that were paid by it, 0 to 1
-- average_days_late: Average of days after the due date, of paid invoices; 0 where paid in time
-- overdue: Number of invoices that are unpaid and past their due date, or said to be overdue; without those that were given up
-- overdue_amount: What is still owed of them, in the workspace's currency
-- overdue_without_rate: Of these, invoices in a currency without a known exchange rate: not in overdue_amount
-- oldest_overdue: Due date of the oldest of them
WITH toDate(now('{{timezone}}')) AS today_here
SELECT
    client_id,
    count() AS invoices,
    countIf(paid_day > toDate(0)) AS paid,
    if(countIf(paid_day > toDate(0) AND due_day > toDate(0)) = 0, NULL, toNullable(countIf(paid_day > toDate(0) AND due_day > toDate(0) AND paid_day <= due_day) / countIf(paid_day > toDate(0) AND due_day > toDate(0)))) AS paid_on_time_share,
    if(countIf(paid_day > toDate(0) AND due_day > toDate(0)) = 0, NULL, toNullable(avgIf(greatest(0, paid_day - due_day), paid_day > toDate(0) AND due_day > toDate(0)))) AS average_days_late,
    countIf(is_overdue) AS overdue,
    sumIf(amount_here, is_overdue) AS overdue_amount,
    countIf(is_overdue AND NOT has_rate) AS overdue_without_rate,
    if(overdue = 0, NULL, toNullable(minIf(due_day, is_overdue AND due_day > toDate(0)))) AS oldest_overdue
FROM
(
    SELECT
        {{client_of i.owner_key}} AS client_id, i.paid_day AS paid_day, i.due_day AS due_day,
        i.is_open AND (i.said_overdue OR (i.due_day > toDate(0) AND i.due_day < today_here)) AS is_overdue,
        i.currency = '{{currency}}' OR (r.rate > 0 AND i.day - r.day <= (SELECT rate_days FROM profile_settings)) AS has_rate,
        multiIf(i.currency = '{{currency}}', CAST(i.owed AS Decimal(38, 4)), has_rate, CAST(round(i.owed * r.rate, 4) AS Decimal(38, 4)), CAST(0 AS Decimal(38, 4))) AS amount_here
    FROM
    (
        SELECT
            {{owner client_key day}} AS owner_key, day, currency, owed, is_open, said_overdue, paid_day, due_day
        FROM
        (
            SELECT
                client_key,
                -- A bill is of the day on which it was written; where nobody told of that, of what is first known of it.
                toDate(coalesce(bill.issued_at, placed_at), '{{timezone}}') AS day,
                toString(bill.currency) AS currency,
                greatest(bill.amount - bill.credited - bill.paid, 0) AS owed,
                bill.state = 'open' AS is_open,
                isNotNull(bill.overdue_at) AS said_overdue,
                coalesce(toDate(bill.paid_at, '{{timezone}}'), toDate(0)) AS paid_day,
                coalesce(toDate(bill.due_at, '{{timezone}}'), toDate(0)) AS due_day
            FROM client_orders FINAL
            ARRAY JOIN bills AS bill
            WHERE NOT gone AND part_of = '' AND bill.kind = 'invoice' AND bill.state != 'voided' AND {{is_known client_key}}
        )
    ) AS i
    {{join_client_of i.owner_key}}
    ASOF LEFT JOIN (SELECT toString(currency) AS currency, day, rate FROM rates_here) AS r ON r.currency = i.currency AND r.day <= i.day
)
GROUP BY client_id
