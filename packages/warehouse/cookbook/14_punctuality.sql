-- Who pays late?
-- Asked by: finance, account managers
-- client: Client
-- bills: Bills with a due date that were paid or are overdue
-- late: Of these, paid late or not paid yet
-- average_days_late: Days late, on average over all these bills; 0 where in time
-- owed: Amount that is overdue now
SELECT
    c.name AS client,
    count() AS bills,
    countIf(p.days_overdue > 0) AS late,
    round(avg(p.days_overdue), 1) AS average_days_late,
    toFloat64(sumIf(p.amount, p.state = 'overdue')) AS owed
FROM payments AS p
INNER JOIN clients AS c ON c.client_id = p.client_id
WHERE p.due_at IS NOT NULL AND p.state IN ('paid', 'overdue')
GROUP BY client
ORDER BY average_days_late DESC, client
LIMIT 50
