-- What each client bought, a row a product. Lapsed: last bought longer ago than twice this client's usual gap for this product
-- client_id: Client
-- sku: Product
-- name: Name of the product
-- first_bought: First day
-- last_bought: Last day
-- days_bought: Number of days on which it was bought
-- usual_gap_days: Average of days between those, empty where it was bought on one day
-- days_since: Days since it was last bought
-- lapsed: True where that is longer than twice the usual gap
-- quantity: Pieces less those that came back
-- revenue: Amount less what went back, in the workspace's currency; 0 where no exchange rate is known
-- margin: Revenue less cost of the pieces, empty where no cost is known (product_costs)
SELECT
    {{client_of b.owner_key}} AS client_id,
    b.sku AS sku,
    argMax(b.name, b.last_bought) AS name,
    minIf(b.first_bought, notEmpty(b.days)) AS first_bought,
    max(b.last_bought) AS last_bought,
    length(arrayDistinct(arrayFlatten(groupArray(b.days)))) AS days_bought,
    if(days_bought < 2, NULL, (last_bought - first_bought) / (days_bought - 1)) AS usual_gap_days,
    toDate(now('{{timezone}}')) - last_bought AS days_since,
    CAST(ifNull(days_since > 2 * usual_gap_days, false) AS Bool) AS lapsed,
    sum(b.quantity) AS quantity,
    sum(b.revenue) AS revenue,
    if(sum(b.lines_with_cost) = 0, NULL, toNullable(sum(b.margin))) AS margin
FROM
(
    SELECT
        {{owner client_key day}} AS owner_key,
        l.sku AS sku,
        argMax(l.name, l.day) AS name,
        minIf(l.day, l.placed) AS first_bought,
        maxIf(l.day, l.placed) AS last_bought,
        groupUniqArrayIf(l.day, l.placed) AS days,
        sum(l.quantity) AS quantity,
        sum(l.amount_here) AS revenue,
        countIf(k.written_at > toDateTime64(0, 3)) AS lines_with_cost,
        sumIf(l.amount_here - CAST(l.quantity * k.unit_cost AS Decimal(38, 4)), k.written_at > toDateTime64(0, 3)) AS margin
    FROM
    (
        SELECT
            o.client_key AS client_key, o.sku AS sku, o.name AS name, o.placed AS placed, o.day AS day, o.quantity AS quantity,
            multiIf(o.currency = '{{currency}}', o.amount, r.rate > 0 AND o.day - r.day <= (SELECT rate_days FROM profile_settings), CAST(round(o.amount * r.rate, 4) AS Decimal(38, 4)), CAST(0 AS Decimal(38, 4))) AS amount_here
        FROM
        (
            SELECT client_key, sku, name, type = 'order.placed' AS placed, toDate(occurred_at, '{{timezone}}') AS day, quantity, amount, toString(currency) AS currency
            FROM order_lines
            WHERE {{is_known client_key}}
        ) AS o
        ASOF LEFT JOIN {{rates}} AS r ON r.currency = o.currency AND r.day <= o.day
    ) AS l
    ASOF LEFT JOIN (SELECT sku, since, unit_cost, written_at FROM product_costs FINAL) AS k ON k.sku = l.sku AND k.since <= l.day
    GROUP BY owner_key, sku
) AS b
{{join_client_of b.owner_key}}
GROUP BY client_id, sku
HAVING days_bought > 0
