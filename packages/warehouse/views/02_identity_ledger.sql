-- Why who is who: every link between identifiers with the rule and the event that proves it
-- client_id: Client that the stronger identifier belongs to now
-- contact_id: Person that the stronger identifier belongs to now, all zeros for an account or a domain
-- rule: seen, same_event, alias, domain_of, member_of, company_domain or address_at
-- left_kind: Kind of the stronger identifier
-- left_value: Its normalised value
-- right_kind: Kind of the other one; the same as the first where it was seen alone
-- right_value: Its normalised value
-- occurred_at: When the event that proves it happened (UTC)
-- source: Source of that event
-- event_id: The sender's id of that event
SELECT
    m.client_id AS client_id,
    m.contact_id AS contact_id,
    l.rule AS rule,
    l.left_kind AS left_kind,
    l.left_value AS left_value,
    l.right_kind AS right_kind,
    l.right_value AS right_value,
    l.occurred_at AS occurred_at,
    l.source AS source,
    l.event_id AS event_id
FROM (SELECT * FROM identity_links FINAL) AS l
LEFT JOIN identity_map AS m ON m.key = l.left_key
