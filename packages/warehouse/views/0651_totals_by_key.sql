-- All times together by leaf key; clients sums them by client
-- owner_key: Leaf key, or the client where a person moved: map it through identity_map
-- events: Number of events
-- emails: Mails opened, clicked or answered
-- web_visits: Pages, products and forms on the web
-- calls: Calls and voicemails
-- first_at: First event
-- last_at: Last event
-- last_received_at: Last arrival
-- last_active_at: Last act
-- first_email: First act by mail
-- last_email: Last act by mail
-- first_web: First act on the web
-- last_web: Last act on the web
-- first_call: First act by phone
-- last_call: Last act by phone
SELECT
    owner_key,
    sum(k.events) AS events,
    sum(k.emails) AS emails,
    sum(k.web_visits) AS web_visits,
    sum(k.calls) AS calls,
    min(k.first_at) AS first_at,
    max(k.last_at) AS last_at,
    max(k.last_received_at) AS last_received_at,
    max(k.last_active_at) AS last_active_at,
    min(k.first_email) AS first_email,
    max(k.last_email) AS last_email,
    min(k.first_web) AS first_web,
    max(k.last_web) AS last_web,
    min(k.first_call) AS first_call,
    max(k.last_call) AS last_call
FROM
(
    SELECT
        client_key AS owner_key,
        events,
        emails,
        web_visits,
        calls,
        first_at,
        last_at,
        last_received_at,
        last_active_at,
        first_email,
        last_email,
        first_web,
        last_web,
        first_call,
        last_call
    FROM client_totals
    WHERE {{is_known client_key}} AND client_key NOT IN (SELECT key FROM identity_moves)
    
    UNION ALL
    SELECT
        {{owner client_key day}} AS owner_key,
        toUInt64(1) AS events,
        toUInt64(activity AND kind = 'email') AS emails,
        toUInt64(activity AND kind = 'web') AS web_visits,
        toUInt64(activity AND kind = 'call') AS calls,
        occurred_at AS first_at,
        occurred_at AS last_at,
        received_at AS last_received_at,
        if(activity, toNullable(occurred_at), NULL) AS last_active_at,
        if(activity AND kind = 'email', toNullable(occurred_at), NULL) AS first_email,
        if(activity AND kind = 'email', toNullable(occurred_at), NULL) AS last_email,
        if(activity AND kind = 'web', toNullable(occurred_at), NULL) AS first_web,
        if(activity AND kind = 'web', toNullable(occurred_at), NULL) AS last_web,
        if(activity AND kind = 'call', toNullable(occurred_at), NULL) AS first_call,
        if(activity AND kind = 'call', toNullable(occurred_at), NULL) AS last_call
    FROM (SELECT *, toDate(occurred_at, '{{timezone}}') AS day FROM events)
    WHERE {{is_known client_key}} AND client_key IN (SELECT key FROM identity_moves)
    
) AS k
GROUP BY owner_key
