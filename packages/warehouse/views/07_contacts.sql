-- One row a person
-- contact_id: Person
-- name: Name: what counts now of what was said or written
-- role: decides, influences, uses, buys or blocks, where somebody wrote it or a source says so
-- client_id: Client that the person belongs to now
-- clients: All clients that the person belongs or belonged to
-- emails: E-mail addresses
-- phones: Phone numbers, E.164
-- user_ids: Ids of logins
-- browsers: Number of browsers seen (anonymous ids)
-- first_seen: First event under any of the identifiers
-- last_seen: Last event
-- last_heard_from: Last thing that the person did
-- active: Acts of the person
-- bounces: Mails that came back
-- last_bounce: When the last one did
-- reachable: False where mail to the person was refused for good, and none was delivered or opened since
-- unsubscribed: True where the person wants no more mail: unsubscribed, or reported it as spam
-- unsubscribed_at: Since when
WITH toUUID('00000000-0000-0000-0000-000000000000') AS nobody
SELECT
    i.contact_id AS contact_id,
    any(w.name) AS name,
    any(w.role) AS role,
    any(i.client_id) AS client_id,
    arrayDistinct(arrayConcat(groupUniqArray(i.client_id), arrayFlatten(groupArray(i.once)))) AS clients,
    arraySort(groupUniqArrayIf(i.value, i.kind = 'email')) AS emails,
    arraySort(groupUniqArrayIf(i.value, i.kind = 'phone')) AS phones,
    arraySort(groupUniqArrayIf(i.value, i.kind = 'user_id')) AS user_ids,
    countIf(i.kind = 'anonymous_id') AS browsers,
    minIf(a.first_at, a.events > 0) AS first_seen,
    max(a.last_at) AS last_seen,
    nullIf(max(a.last_active_at), toDateTime64(0, 3, 'UTC')) AS last_heard_from,
    sum(a.active) AS active,
    sum(a.bounces) AS bounces,
    nullIf(max(a.last_bounce_at), toDateTime64(0, 3, 'UTC')) AS last_bounce,
    CAST(max(b.last_refused_at) = toDateTime64(0, 3, 'UTC') OR max(a.last_reached_at) > max(b.last_refused_at) AS Bool) AS reachable,
    CAST(max(a.no_more_at) > toDateTime64(0, 3, 'UTC') AS Bool) AS unsubscribed,
    nullIf(max(a.no_more_at), toDateTime64(0, 3, 'UTC')) AS unsubscribed_at
FROM
(
    SELECT k.key AS key, k.contact_id AS contact_id, k.client_id AS client_id, n.kind AS kind, n.value AS value, o.once AS once
    FROM (SELECT key, contact_id, client_id FROM identity_map WHERE contact_id != toUUID('00000000-0000-0000-0000-000000000000')) AS k
    LEFT JOIN (SELECT key, kind, value FROM identifiers FINAL WHERE {{is_known key}}) AS n ON n.key = k.key
    LEFT JOIN (SELECT key, groupUniqArray(identity_moves.client_id) AS once FROM identity_moves AS identity_moves GROUP BY key) AS o ON o.key = k.key
) AS i
LEFT JOIN
(
    SELECT
        contact_key,
        sum(activity_daily.events) AS events,
        min(activity_daily.first_at) AS first_at,
        max(activity_daily.last_at) AS last_at,
        maxIf(activity_daily.last_at, activity_daily.active > 0) AS last_active_at,
        sum(activity_daily.active) AS active,
        sumIf(activity_daily.events, type = 'email.bounced') AS bounces,
        maxIf(activity_daily.last_at, type = 'email.bounced') AS last_bounce_at,
        maxIf(activity_daily.last_at, type IN ('email.delivered', 'email.opened', 'email.clicked', 'email.replied')) AS last_reached_at,
        maxIf(activity_daily.last_at, type IN ('email.unsubscribed', 'email.complained')) AS no_more_at
    FROM activity_daily
    WHERE {{is_known client_key}}
    GROUP BY contact_key
) AS a ON a.contact_key = i.key
LEFT JOIN
(
    -- Refused for now is no refusal: what providers call it when they try again.
    SELECT contact_key, max(occurred_at) AS last_refused_at
    FROM events
    WHERE type = 'email.bounced' AND {{is_known client_key}}
        AND lower(JSONExtractString(properties, 'bounce_type')) NOT IN ('softbounce', 'soft', 'transient', 'temporary', 'undetermined', 'blocked')
    GROUP BY contact_key
) AS b ON b.contact_key = i.key
LEFT JOIN
(
    SELECT contact_id, anyIf(JSONExtractString(t.value), trait = 'name') AS name, anyIf(JSONExtractString(t.value), trait = 'role') AS role
    FROM contact_traits_now AS t
    WHERE trait IN ('name', 'role')
    GROUP BY contact_id
) AS w ON w.contact_id = i.contact_id
GROUP BY contact_id
