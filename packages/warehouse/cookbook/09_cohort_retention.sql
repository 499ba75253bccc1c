-- Do clients come back? Of those who first ordered in a month, which share orders in the months after?
-- Asked by: marketing, board
-- cohort: Month of the first order
-- clients: Clients who first ordered in it
-- month_1: Share of them with an order one month later, 0 to 1; NULL before that month is over
-- month_2: Two months later
-- month_3: Three months later
-- month_6: Six months later
WITH
    (SELECT today FROM workspace) AS today,
    bought AS
    (
        SELECT DISTINCT client_id, toStartOfMonth(day) AS month
        FROM order_movements
        WHERE type = 'order.placed' AND client_id != toUUID('00000000-0000-0000-0000-000000000000')
    ),
    aged AS
    (
        SELECT client_id, month, min(month) OVER (PARTITION BY client_id) AS cohort, dateDiff('month', cohort, month) AS age
        FROM bought
    )
SELECT
    cohort,
    uniqExact(client_id) AS clients,
    if(addMonths(cohort, 2) <= today, round(countIf(age = 1) / clients, 4), NULL) AS month_1,
    if(addMonths(cohort, 3) <= today, round(countIf(age = 2) / clients, 4), NULL) AS month_2,
    if(addMonths(cohort, 4) <= today, round(countIf(age = 3) / clients, 4), NULL) AS month_3,
    if(addMonths(cohort, 7) <= today, round(countIf(age = 6) / clients, 4), NULL) AS month_6
FROM aged
GROUP BY cohort
ORDER BY cohort
