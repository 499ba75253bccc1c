-- One row a person
-- contact_id: Person
-- client_id: Client that the person belongs to now
-- emails: E-mail addresses
-- phones: Phone numbers, E.164
-- user_ids: Ids of logins
-- browsers: Number of browsers seen (anonymous ids)
-- first_seen: First event under any of the identifiers
-- last_seen: Last event
-- active: Acts of the person
WITH toUUID('00000000-0000-0000-0000-000000000000') AS nobody
SELECT
    i.contact_id AS contact_id,
    any(i.client_id) AS client_id,
    groupUniqArrayIf(i.value, i.kind = 'email') AS emails,
    groupUniqArrayIf(i.value, i.kind = 'phone') AS phones,
    groupUniqArrayIf(i.value, i.kind = 'user_id') AS user_ids,
    countIf(i.kind = 'anonymous_id') AS browsers,
    min(a.first_at) AS first_seen,
    max(a.last_at) AS last_seen,
    sum(a.active) AS active
FROM identities AS i
LEFT JOIN
(
    SELECT contact_key, min(first_at) AS first_at, max(last_at) AS last_at, sum(active) AS active
    FROM activity_daily
    GROUP BY contact_key
) AS a ON a.contact_key = i.key
WHERE i.contact_id != nobody
GROUP BY contact_id
