-- Acts of the last days by leaf key; clients sums them by client
-- owner_key: Leaf key, or the client where a person moved: map it through identity_map
-- active_7d: Acts of the client in the last 7 days
-- active_30d: Acts of the client in the last 30 days
-- active_90d: Acts of the client in the last 90 days
-- active_365d: Acts of the client in the last 365 days
-- emails_7d: Acts by mail in the last 7 days
-- emails_30d: Acts by mail in the last 30 days
-- emails_90d: Acts by mail in the last 90 days
-- emails_365d: Acts by mail in the last 365 days
-- web_visits_7d: Acts on the web in the last 7 days
-- web_visits_30d: Acts on the web in the last 30 days
-- web_visits_90d: Acts on the web in the last 90 days
-- web_visits_365d: Acts on the web in the last 365 days
-- calls_7d: Acts by phone in the last 7 days
-- calls_30d: Acts by phone in the last 30 days
-- calls_90d: Acts by phone in the last 90 days
-- calls_365d: Acts by phone in the last 365 days
WITH
    toDate(now('{{timezone}}')) AS today_here
SELECT
    {{owner client_key day}} AS owner_key,
    sumIf(active, day > today_here - 7) AS active_7d,
    sumIf(active, day > today_here - 30) AS active_30d,
    sumIf(active, day > today_here - 90) AS active_90d,
    sumIf(active, day > today_here - 365) AS active_365d,
    sumIf(active, kind = 'email' AND day > today_here - 7) AS emails_7d,
    sumIf(active, kind = 'email' AND day > today_here - 30) AS emails_30d,
    sumIf(active, kind = 'email' AND day > today_here - 90) AS emails_90d,
    sumIf(active, kind = 'email' AND day > today_here - 365) AS emails_365d,
    sumIf(active, kind = 'web' AND day > today_here - 7) AS web_visits_7d,
    sumIf(active, kind = 'web' AND day > today_here - 30) AS web_visits_30d,
    sumIf(active, kind = 'web' AND day > today_here - 90) AS web_visits_90d,
    sumIf(active, kind = 'web' AND day > today_here - 365) AS web_visits_365d,
    sumIf(active, kind = 'call' AND day > today_here - 7) AS calls_7d,
    sumIf(active, kind = 'call' AND day > today_here - 30) AS calls_30d,
    sumIf(active, kind = 'call' AND day > today_here - 90) AS calls_90d,
    sumIf(active, kind = 'call' AND day > today_here - 365) AS calls_365d
FROM activity_daily
WHERE {{is_known client_key}} AND day > today_here - 365
GROUP BY owner_key
