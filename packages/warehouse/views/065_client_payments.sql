-- How each client pays its invoices
-- client_id: Client
-- invoices: Number of invoices
-- paid: Of these, paid
-- paid_on_time_share: Share of paid invoices with a due date that were paid by it, 0 to 1
-- average_days_late: Average of days after the due date, of paid invoices; 0 where paid in time
-- overdue: Number of invoices that are unpaid and past their due date, or said to be overdue
-- overdue_amount: Their amount in the workspace's currency
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
        i.client_id AS client_id, i.paid_day AS paid_day, i.due_day AS due_day,
        i.paid_day = toDate(0) AND (i.said_overdue OR (i.due_day > toDate(0) AND i.due_day < today_here)) AS is_overdue,
        i.currency = '{{currency}}' OR (r.rate > 0 AND i.first_day - r.day <= (SELECT rate_days FROM profile_settings)) AS has_rate,
        multiIf(i.currency = '{{currency}}', CAST(i.amount AS Decimal(38, 4)), has_rate, CAST(round(i.amount * r.rate, 4) AS Decimal(38, 4)), CAST(0 AS Decimal(38, 4))) AS amount_here
    FROM
    (
        SELECT
            {{client_of e.owner_key}} AS client_id,
            e.invoice AS invoice,
            argMin(toString(e.currency), (e.type != 'invoice.issued', e.occurred_at)) AS currency,
            argMin(e.amount, (e.type != 'invoice.issued', e.occurred_at)) AS amount,
            min(e.day) AS first_day,
            minIf(e.day, e.type = 'invoice.paid') AS paid_day,
            max(e.due_on) AS due_day,
            countIf(e.type = 'invoice.overdue') > 0 AS said_overdue
        FROM
        (
            SELECT {{owner client_key day}} AS owner_key, toDate(occurred_at, '{{timezone}}') AS day, if(JSONHas(properties, 'invoice_id'), JSONExtractString(properties, 'invoice_id'), order_id) AS invoice, type, amount, currency, occurred_at, coalesce(toDate(parseDateTime64BestEffortOrNull(JSONExtractString(properties, 'due_at'), 3, 'UTC'), '{{timezone}}'), toDate(0)) AS due_on
            FROM events
            WHERE type IN ('invoice.issued', 'invoice.paid', 'invoice.overdue') AND {{is_known client_key}}
        ) AS e
        {{join_client_of e.owner_key}}
        GROUP BY client_id, invoice
    ) AS i
    ASOF LEFT JOIN
    (
        SELECT toString(currency) AS currency, day, rate
        FROM rates_here
        WHERE currency IN (SELECT currency FROM events WHERE currency != '{{currency}}' AND type IN ('invoice.issued', 'invoice.paid', 'invoice.overdue') AND {{is_known client_key}})
    ) AS r ON r.currency = i.currency AND r.day <= i.first_day
)
GROUP BY client_id
