-- Every event with the client that it belongs to now. Give a client_key (of identity_map) to read one client fast
-- client_id: Client now, all zeros where unknown
-- occurred_at: When it happened (UTC)
-- kind: email, web, call, order or identity
-- type: What happened
-- activity: True where the client did something
-- amount: Amount, negative where money goes back, 0 where revenue is not touched
-- currency: ISO 4217 code
-- order_id: Order
-- url: Page or link
-- message_id: Mail
-- duration_seconds: Length of the call
-- direction: inbound or outbound
-- properties: Other properties as JSON
-- identifiers: Identifiers that the event carried
-- source: Source
-- event_id: The sender's id
-- received_at: When Kafka took it
-- position: topic:partition:offset in Kafka
-- client_key: Leaf key stamped on the event
SELECT
    {{client_id e}} AS client_id,
    e.occurred_at AS occurred_at,
    e.kind AS kind,
    e.type AS type,
    e.activity AS activity,
    e.amount * e.revenue_sign AS amount,
    e.currency AS currency,
    e.order_id AS order_id,
    e.url AS url,
    e.message_id AS message_id,
    e.duration_seconds AS duration_seconds,
    e.direction AS direction,
    e.properties AS properties,
    e.identifiers AS identifiers,
    e.source AS source,
    e.event_id AS event_id,
    e.received_at AS received_at,
    concat(e.topic, ':', toString(e.partition), ':', toString(e.offset)) AS position,
    e.client_key AS client_key
FROM events AS e
{{join_clients e}}
