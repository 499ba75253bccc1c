-- How regularly each client orders, of clients with orders on two days or more
-- client_id: Client
-- order_days: Days with an order
-- usual_gap_days: Median of days between order days
-- last_order_day: Last day with an order
-- next_expected: Last order day and the usual gap; only where there are three order days
SELECT
    client_id,
    length(days) AS order_days,
    arrayReduce('median', arrayMap((later, earlier) -> later - earlier, arrayPopFront(days), arrayPopBack(days))) AS usual_gap_days,
    days[-1] AS last_order_day,
    if(order_days >= 3, toNullable(last_order_day + toUInt16(round(usual_gap_days))), NULL) AS next_expected
FROM
(
    SELECT {{client_of k.owner_key}} AS client_id, arraySort(arrayDistinct(arrayFlatten(groupArray(k.days)))) AS days
    FROM
    (
        SELECT {{owner client_key day}} AS owner_key, groupUniqArray(day) AS days
        FROM (SELECT client_key, day FROM revenue_daily WHERE {{is_known client_key}} GROUP BY client_key, day HAVING sum(orders) > 0)
        GROUP BY owner_key
    ) AS k
    {{join_client_of k.owner_key}}
    GROUP BY client_id
)
WHERE length(days) >= 2
