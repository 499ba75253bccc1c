-- Clients lost and won back, month by month (client_losses). The last month is not over
-- month: First day of the month
-- lost: Clients who were lost in it
-- revenue_lost: What they had brought in the year up to their last order
-- won_back: Clients who came back in it
-- revenue_won_back: What they have brought since, in a year at most
-- net: Won back less lost
SELECT
    change.1 AS month,
    sum(change.2) AS lost,
    sum(change.3) AS revenue_lost,
    sum(change.4) AS won_back,
    sum(change.5) AS revenue_won_back,
    toInt64(won_back) - toInt64(lost) AS net
FROM
(
    SELECT arrayJoin(if(isNull(l.won_back_on),
        [(toStartOfMonth(l.lost_on), 1, l.revenue_before, 0, toDecimal128(0, 4))],
        [(toStartOfMonth(l.lost_on), 1, l.revenue_before, 0, toDecimal128(0, 4)), (toStartOfMonth(assumeNotNull(l.won_back_on)), 0, toDecimal128(0, 4), 1, l.revenue_after)])) AS change
    FROM client_losses_at(as_of = {as_of:Date}) AS l
)
GROUP BY month
