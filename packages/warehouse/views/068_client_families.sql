-- Parents with all that is below them. What a member did on a day counts to the parents that it had on that day
-- client_id: Parent, at any height
-- members: Clients that are below it now
-- past_members: Clients that were below it once
-- orders: Orders of the parent and of its members while they were members
-- revenue_net: Their net revenue, in the workspace's currency
-- revenue_365d: The same of the last 365 days
WITH RECURSIVE
    -- From every member upwards. The days of a way are those on which all of its steps held; a way that would come
    -- around again ends, and so does one of 20 steps.
    above AS
    (
        SELECT child AS member, parent AS head, since AS from_day, until AS to_day, [child, parent] AS way FROM client_parents
        UNION ALL
        SELECT a.member, p.parent, greatest(a.from_day, p.since), least(a.to_day, p.until), arrayPushBack(a.way, p.parent)
        FROM above AS a
        INNER JOIN client_parents AS p ON p.child = a.head
        WHERE NOT has(a.way, p.parent) AND length(a.way) < 20 AND greatest(a.from_day, p.since) < least(a.to_day, p.until)
    ),
    memberships AS
    (
        SELECT head, member, from_day, to_day FROM above
        UNION DISTINCT
        SELECT parent, parent, toDate(0), toDate('2149-06-06') FROM client_parents
    ),
    daily AS
    (
        SELECT coalesce(nullIf(m.client_id, toUUID('00000000-0000-0000-0000-000000000000')), k.owner_key) AS client_id, k.day AS day, sum(k.orders) AS orders, sum(k.net) AS net
        FROM
        (
            SELECT {{owner client_key day}} AS owner_key, revenue_converted.day AS day, sum(revenue_converted.orders) AS orders, sum(gross_here - returned_here) AS net
            FROM revenue_converted
            WHERE client_key IN (SELECT key FROM identity_map WHERE client_id IN (SELECT child FROM client_parents UNION ALL SELECT parent FROM client_parents))
                OR client_key IN (SELECT child FROM client_parents UNION ALL SELECT parent FROM client_parents)
            GROUP BY owner_key, day
        ) AS k
        LEFT JOIN identity_map AS m ON m.key = k.owner_key
        GROUP BY client_id, day
    )
SELECT
    f.head AS client_id,
    uniqExactIf(f.member, f.member != f.head AND f.to_day > toDate(now('{{timezone}}'))) AS members,
    uniqExactIf(f.member, f.member != f.head) - members AS past_members,
    sum(d.orders) AS orders,
    sum(d.net) AS revenue_net,
    sumIf(d.net, d.day > toDate(now('{{timezone}}')) - 365) AS revenue_365d
FROM memberships AS f
LEFT JOIN
(
    SELECT f.head AS head, f.member AS member, d.day AS day, any(d.orders) AS orders, any(d.net) AS net
    FROM memberships AS f
    INNER JOIN daily AS d ON d.client_id = f.member
    WHERE d.day >= f.from_day AND d.day < f.to_day
    GROUP BY head, member, day
) AS d ON d.head = f.head AND d.member = f.member
GROUP BY f.head
