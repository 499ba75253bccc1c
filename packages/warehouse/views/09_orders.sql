-- One row an order (or an invoice without one): what its sender last said of it, and why it counts as revenue or does not. What it did to revenue and when is in order_movements, how it came about in order_history
-- client_id: Client now, all zeros where unknown
-- order_id: Order, or invoice without one; unique within its source
-- source: Source
-- state: What its sender last called it: draft, pending, authorized, placed, paid, fulfilled, cancelled, refunded, failed, deleted; unknown where only money that went back is known
-- counts: True where it is a sale
-- why: Why it is one or is not
-- part_of: Order or invoice of the same source in which it is counted, empty where it stands for itself
-- occurred_at: When it was placed (UTC)
-- local_time: The same moment on the clocks of the workspace
-- day: The same as a day in the workspace's time zone
-- paid_at: When it was paid (UTC); NULL where nobody said so
-- fulfilled_at: When it left us (UTC); NULL where nobody said so
-- ended_at: When it was cancelled or given back as a whole (UTC); NULL where it was not
-- currency: ISO 4217 code
-- amount: Grand total now; NULL where nothing says it
-- tax: Part of the amount
-- shipping: Part of the amount
-- discount: Already taken off the amount; NULL where nobody says
-- liability: Gift cards sold and deposits taken: part of the amount, no revenue
-- revenue_gross: What counts as revenue of it
-- revenue_returned: What went back of that: refunds, cancellations, lost disputes
-- revenue_net: The difference
-- refunds_pending: Refunds that were announced and may still fail; they count when they have succeeded
-- lines: Number of items
-- messages: Number of messages that it is made of: order_history
-- last_at: Time of the last one (UTC)
SELECT
    {{client_id e}} AS client_id,
    e.order_id AS order_id,
    e.source AS source,
    e.state AS state,
    e.counts AS counts,
    e.why AS why,
    e.part_of AS part_of,
    e.occurred_at AS occurred_at,
    toTimeZone(e.occurred_at, '{{timezone}}') AS local_time,
    toDate(e.occurred_at, '{{timezone}}') AS day,
    e.paid_at AS paid_at,
    e.fulfilled_at AS fulfilled_at,
    e.ended_at AS ended_at,
    e.currency AS currency,
    e.amount AS amount,
    e.tax AS tax,
    e.shipping AS shipping,
    e.discount AS discount,
    e.liability AS liability,
    arraySum(moved -> moved.gross, e.movements) AS revenue_gross,
    arraySum(moved -> moved.returned, e.movements) AS revenue_returned,
    revenue_gross - revenue_returned AS revenue_net,
    e.refunds_pending AS refunds_pending,
    arrayCount(line -> line.kind = 'placed', e.lines) AS lines,
    e.messages AS messages,
    e.last_at AS last_at
FROM (SELECT * EXCEPT placed_at, placed_at AS occurred_at FROM client_orders FINAL WHERE NOT gone) AS e
{{join_clients e}}
