-- One row a bill (an invoice, or an order whose payment was reported): what is owed, paid, and how late
-- client_id: Client now, all zeros where unknown
-- number: Number of the invoice, else of the order
-- order_id: Order that is billed; the number itself where the invoice names none
-- billed_by: invoice, or order where no invoice came
-- amount: Amount of the invoice, else of the order
-- credited: What credit notes took away of it
-- amount_paid: What was paid so far
-- amount_owed: What is still expected: 0 of bills that are paid, voided or given up
-- currency: ISO 4217 code
-- issued_at: When the invoice was issued, else the order placed (UTC); NULL where that is not known
-- due_at: When it is due, by the invoice (UTC); NULL where it does not say
-- paid_at: When it was paid in full (UTC); NULL while it is not
-- reported_overdue_at: When the sender first called it overdue (UTC); NULL where it did not
-- state: paid, overdue, open, voided or uncollectible
-- days_overdue: Whole days from due to paid, or to today while it is open; 0 where it is in time or nothing is owed any more, NULL where no date is known
-- days_to_pay: Whole days from issue to payment; NULL while it is not paid
-- source: Source
SELECT
    {{client_id e}} AS client_id,
    e.number AS number,
    e.order_id AS order_id,
    e.billed_by AS billed_by,
    e.amount AS amount,
    e.credited AS credited,
    e.amount_paid AS amount_paid,
    if(e.bill_state = 'open', greatest(e.amount - e.credited - e.amount_paid, 0), 0) AS amount_owed,
    e.currency AS currency,
    e.issued_at AS issued_at,
    e.due_at AS due_at,
    e.paid_at AS paid_at,
    e.reported_overdue_at AS reported_overdue_at,
    multiIf(
        e.bill_state != 'open', e.bill_state,
        isNotNull(reported_overdue_at) OR coalesce(due_at < now64(3), false), 'overdue',
        'open') AS state,
    multiIf(
        isNull(due_at), NULL,
        e.bill_state IN ('voided', 'uncollectible'), 0,
        greatest(0, dateDiff('day', toTimeZone(due_at, '{{timezone}}'), toTimeZone(coalesce(paid_at, now64(3, 'UTC')), '{{timezone}}')))) AS days_overdue,
    dateDiff('day', toTimeZone(issued_at, '{{timezone}}'), toTimeZone(paid_at, '{{timezone}}')) AS days_to_pay,
    e.source AS source
FROM
(
    SELECT
        client_key, placed_at AS occurred_at, order_id, source, bill.number AS number, toString(bill.kind) AS billed_by,
        bill.amount AS amount, bill.credited AS credited, bill.paid AS amount_paid, toString(bill.currency) AS currency,
        bill.issued_at AS issued_at, bill.due_at AS due_at, bill.paid_at AS paid_at, bill.overdue_at AS reported_overdue_at,
        toString(bill.state) AS bill_state
    FROM client_orders FINAL
    ARRAY JOIN bills AS bill
    WHERE NOT gone AND part_of = ''
) AS e
{{join_clients e}}
