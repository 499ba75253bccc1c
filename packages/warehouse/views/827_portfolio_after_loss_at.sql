-- How concentrated it would be if these clients left, with the companies below them: one row: portfolio_after_loss(clients = ['…'])
-- lost_clients: Clients that would go
-- lost_value: What they brought in the portfolio's months
-- lost_share: Their share
-- largest_name: Who would be the largest
-- largest_share: Its share then
-- herfindahl: Herfindahl index then
-- herfindahl_now: The same as it is
-- growth_a_year: Growth of the others' value over as many months before, by the year; NULL where there is no such history
-- years_to_replace: Years until the others have grown by what is lost; NULL where they do not grow
WITH RECURSIVE
    below AS
    (
        SELECT arrayJoin({clients:Array(UUID)}) AS client_id, 0 AS depth
        UNION ALL
        SELECT p.child AS client_id, b.depth + 1 AS depth
        FROM below AS b
        INNER JOIN client_parents AS p ON p.parent = b.client_id
        WHERE b.depth < 20 AND p.since <= {as_of:Date} AND p.until > {as_of:Date}
    )
SELECT
    countIf(a.gone) AS lost_clients,
    sumIf(a.value, a.gone) AS lost_value,
    sumIf(a.share, a.gone) AS lost_share,
    argMinIf(a.name, a.place, NOT a.gone) AS largest_name,
    maxIf(a.share, NOT a.gone) / sumIf(a.share, NOT a.gone) AS largest_share,
    sumIf(pow(a.share, 2), NOT a.gone) / pow(sumIf(a.share, NOT a.gone), 2) AS herfindahl,
    sum(pow(a.share, 2)) AS herfindahl_now,
    if((SELECT min(day) FROM revenue_daily WHERE {{is_known client_key}}) <= addMonths({as_of:Date} + 1, -2 * any(s.months)), toNullable(toFloat64(sumIf(a.revenue - a.revenue_before, NOT a.gone)) / any(s.months) * 12), NULL) AS growth_a_year,
    if(ifNull(growth_a_year, 0) > 0, toNullable(toFloat64(sumIf(a.revenue, a.gone)) / any(s.months) * 12 / growth_a_year), NULL) AS years_to_replace
FROM (SELECT *, client_id IN (SELECT client_id FROM below) AS gone FROM portfolio_at(as_of = {as_of:Date})) AS a
CROSS JOIN portfolio_settings AS s
