-- One row a bill (an invoice, or an order whose payment was reported): what is owed, paid, and how late
-- client_id: Client now, all zeros where unknown
-- number: Number of the order, else of the invoice
-- billed_by: invoice, or order where no invoice came
-- amount: Amount of the invoice, else of the order
-- currency: ISO 4217 code
-- issued_at: When the invoice was issued, else the order placed (UTC); NULL where that is not known
-- due_at: When it is due, by the invoice (UTC); NULL where it does not say
-- paid_at: When it was paid (UTC); NULL while it is not
-- reported_overdue_at: When the sender first called it overdue (UTC); NULL where it did not
-- state: paid, overdue or open
-- days_overdue: Whole days from due to paid, or to today while it is not paid; 0 where it is in time, NULL where no date is known
-- days_to_pay: Whole days from issue to payment; NULL while it is not paid
-- source: Source of the newest event about it
SELECT
    e.client_id AS client_id,
    e.order_id AS number,
    if(countIf(e.kind_of_bill = 'invoice') > 0, 'invoice', 'order') AS billed_by,
    coalesce(
        argMaxOrNullIf(e.amount, e.occurred_at, e.type = 'invoice.issued'),
        argMaxOrNullIf(e.amount, e.occurred_at, e.kind_of_bill = 'invoice'),
        argMaxOrNullIf(e.amount, e.occurred_at, e.amount > 0), 0) AS amount,
    argMaxIf(e.currency, (e.kind_of_bill = 'invoice', e.occurred_at), e.currency != '') AS currency,
    coalesce(minOrNullIf(e.occurred_at, e.type = 'invoice.issued'), minOrNullIf(e.occurred_at, e.type = 'order.placed')) AS issued_at,
    argMaxOrNullIf(e.due, e.occurred_at, e.due != toDateTime64(0, 3, 'UTC')) AS due_at,
    minOrNullIf(e.occurred_at, e.type IN ('invoice.paid', 'order.paid')) AS paid_at,
    minOrNullIf(e.occurred_at, e.type = 'invoice.overdue') AS reported_overdue_at,
    multiIf(
        isNotNull(paid_at), 'paid',
        isNotNull(reported_overdue_at) OR coalesce(due_at < now64(3), false), 'overdue',
        'open') AS state,
    if(isNull(due_at), NULL, greatest(0, dateDiff('day', toTimeZone(due_at, '{{timezone}}'), toTimeZone(coalesce(paid_at, now64(3, 'UTC')), '{{timezone}}')))) AS days_overdue,
    dateDiff('day', toTimeZone(issued_at, '{{timezone}}'), toTimeZone(paid_at, '{{timezone}}')) AS days_to_pay,
    argMax(e.source, e.occurred_at) AS source
FROM
(
    SELECT
        {{client_id o}} AS client_id,
        o.order_id AS order_id,
        o.occurred_at AS occurred_at,
        o.type AS type,
        o.amount AS amount,
        o.currency AS currency,
        o.source AS source,
        if(startsWith(o.type, 'invoice.'), 'invoice', 'order') AS kind_of_bill,
        coalesce(parseDateTime64BestEffortOrNull(JSONExtractString(o.properties, 'due_at'), 3, 'UTC'), toDateTime64(0, 3, 'UTC')) AS due
    FROM events AS o
    {{join_clients o}}
    WHERE o.kind = 'order' AND o.type IN ('order.placed', 'order.paid', 'invoice.issued', 'invoice.paid', 'invoice.overdue')
) AS e
GROUP BY client_id, number
-- Most shops report no payments: an order alone owes nothing that we know of.
HAVING countIf(e.type NOT IN ('order.placed')) > 0
