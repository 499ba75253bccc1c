-- How many lost clients come back, by Kaplan and Meier (1958) over all losses until the day: months of 30 days since they were lost, those that are still away counted for as long as they were watched
-- months_away: Months since it was lost
-- watched: Losses that were still away when this month began
-- returned: Of these, clients who came back in it
-- chance: Chance that one who is away so long comes back within the next 12 months, 0 to 1
SELECT
    a.month AS months_away,
    a.watched AS watched,
    a.returned AS returned,
    1 - exp(sum(log(greatest(1e-9, 1 - a.returned / a.watched))) OVER (ORDER BY a.month ROWS BETWEEN CURRENT ROW AND 11 FOLLOWING)) AS chance
FROM
(
    SELECT m AS month, count() AS watched, countIf(l.back AND l.away = m) AS returned
    FROM
    (
        SELECT intDiv(toInt32(coalesce(won_back_on, {as_of:Date}) - lost_on), 30) AS away, isNotNull(won_back_on) AS back
        FROM client_losses_at(as_of = {as_of:Date})
    ) AS l
    ARRAY JOIN range(toUInt32(l.away + 1)) AS m
    GROUP BY m
) AS a
