-- How many clients do we lose and win back, month by month?
-- Asked by: board, head of key accounts
-- month: First day of the month
-- lost: Clients who were lost in it, by their own rhythm
-- won_back: Clients who ordered again
-- net: Won back less lost
SELECT month, lost, won_back, net
FROM portfolio_churn
ORDER BY month
