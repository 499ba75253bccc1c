-- Every time that a client was lost up to the day, by the criterion of portfolio_settings: no order for longer than lost_gaps of its own usual gaps (the median of gaps until then, at most the last 20), and for lost_days at least; or people said so before (written field lost, with the day since when). One who ordered on a single day has no gap of its own: lost_days_first counts
-- client_id: Client
-- last_order: Last day with an order before
-- usual_gap_days: Median of the gaps between its order days until then; NULL after a single one
-- lost_on: Day on which it counted as lost
-- because: silence, or said where people said so
-- won_back_on: Day of the next order; NULL where none has come until the day
-- revenue_before: Net revenue of the 365 days up to the last order: what was lost of a year
-- revenue_after: Net revenue of the 365 days from the next order, until the day: what was won back
WITH
    daily AS
    (
        SELECT
            {{client_of k.owner_key}} AS client_id,
            arraySort(arrayDistinct(arrayFlatten(groupArray(arrayFilter((day, orders) -> orders > 0, k.days, k.orders))))) AS order_days,
            arrayFlatten(groupArray(k.days)) AS days,
            arrayFlatten(groupArray(k.net)) AS net
        FROM
        (
            SELECT owner_key, groupArray(d.day) AS days, groupArray(d.orders) AS orders, groupArray(d.net) AS net
            FROM
            (
                SELECT {{owner client_key day}} AS owner_key, day, sum(r.orders) AS orders, sum(r.gross_here - r.returned_here) AS net
                FROM revenue_converted AS r
                WHERE day <= {as_of:Date}
                GROUP BY owner_key, day
            ) AS d
            GROUP BY owner_key
        ) AS k
        {{join_client_of k.owner_key}}
        GROUP BY client_id
        HAVING notEmpty(order_days)
    ),
    told AS
    (
        SELECT client_id, groupArray(toDate(since, '{{timezone}}')) AS said_days
        FROM client_traits_history
        WHERE trait = 'lost' AND value != 'null' AND value != 'false' AND toDate(since, '{{timezone}}') <= {as_of:Date}
        GROUP BY client_id
    ),
    spells AS
    (
        SELECT
            d.client_id AS client_id,
            d.days AS days,
            d.net AS net,
            spell.1 AS last_day,
            spell.2 AS next_day,
            arraySlice(arrayMap(i -> toInt32(d.order_days[i + 1] - d.order_days[i]), range(1, spell.3)), -20) AS gaps,
            arrayMin(arrayFilter(day -> day >= spell.1 AND (spell.2 = toDate(0) OR day < spell.2), arrayPushBack(t.said_days, toDate('2149-06-06')))) AS said,
            if(empty(gaps), NULL, toNullable(arrayReduce('median', gaps))) AS usual_gap
        FROM daily AS d
        LEFT JOIN told AS t ON t.client_id = d.client_id
        ARRAY JOIN arrayZip(d.order_days, arrayPushBack(arrayPopFront(d.order_days), toDate(0)), arrayEnumerate(d.order_days)) AS spell
    )
SELECT
    s.client_id AS client_id,
    s.last_day AS last_order,
    s.usual_gap AS usual_gap_days,
    least(if(s.said = toDate(0), toDate('2149-06-06'), s.said), s.last_day + toUInt32(ceil(if(isNull(s.usual_gap), p.lost_days_first, greatest(p.lost_days, p.lost_gaps * ifNull(s.usual_gap, 0))))) + 1) AS lost_on,
    if(lost_on = s.said, 'said', 'silence') AS because,
    nullIf(s.next_day, toDate(0)) AS won_back_on,
    arraySum((day, amount) -> if(day <= s.last_day AND day > s.last_day - 365, amount, 0), s.days, s.net) AS revenue_before,
    if(s.next_day = toDate(0), 0, arraySum((day, amount) -> if(day >= s.next_day AND day < s.next_day + 365, amount, 0), s.days, s.net)) AS revenue_after
FROM spells AS s
CROSS JOIN portfolio_settings AS p
WHERE lost_on <= if(s.next_day = toDate(0), {as_of:Date}, s.next_day - 1)
