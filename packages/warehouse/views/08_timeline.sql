-- Every event with the client that it belongs to now. To read one client fast, give its client_key values (of identities)
-- client_id: Client now, all zeros where unknown
-- occurred_at: When it happened (UTC)
-- local_time: The same moment on the clocks of the workspace
-- day: The same as a day in the workspace's time zone
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
-- received_at: When Kafka took it (UTC)
-- position: topic:partition:offset in Kafka
-- client_key: Leaf key of the client as stamped on the event
-- contact_key: Leaf key of the person as stamped on the event, all zeros where unknown; join identities on key to say who
SELECT
    {{client_id e}} AS client_id,
    e.occurred_at AS occurred_at,
    toTimeZone(e.occurred_at, '{{timezone}}') AS local_time,
    toDate(e.occurred_at, '{{timezone}}') AS day,
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
    e.client_key AS client_key,
    e.contact_key AS contact_key
FROM events AS e
{{join_clients e}}
