-- Every message about an order, by its own time, with what it changed: why revenue is what it is. Of orders with very many messages the first hundred and the last twenty
-- client_id: Client now, all zeros where unknown
-- order_id: Order, or invoice without one
-- source: Source
-- step: Number of the message by time, from 1
-- occurred_at: When it happened (UTC)
-- type: What happened, such as order.updated
-- says: What the message says, in words
-- revenue_net: Net revenue of the order by the messages up to this one
-- change: What this message changed in it
-- currency: ISO 4217 code
-- event_id: The sender's id of the message
SELECT
    {{client_id e}} AS client_id,
    e.order_id AS order_id,
    e.source AS source,
    e.step AS step,
    e.occurred_at AS occurred_at,
    e.type AS type,
    e.says AS says,
    e.net AS revenue_net,
    e.net - e.before AS change,
    e.currency AS currency,
    e.event_id AS event_id
FROM
(
    SELECT
        client_key, order_id, source, number AS step, told.at AS occurred_at, told.type AS type, told.says AS says, told.net AS net,
        before, currency, told.event_id AS event_id
    FROM client_orders FINAL
    ARRAY JOIN story AS told, arrayEnumerate(story) AS number, arrayPushFront(arrayPopBack(story.net), toDecimal64(0, 4)) AS before
    WHERE NOT gone
) AS e
{{join_clients e}}
