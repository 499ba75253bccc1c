-- Alerts a week by account manager, against what one can look after
-- owner: Account manager; empty where the client has none
-- week: Monday of the week in which they were opened
-- alerts: Alerts announced
-- open_alerts: Of these, still open
-- money_at_stake: Their revenue of a year at risk
-- capacity: Alerts that a manager can look after in a week, as the budget says
-- above_capacity: True where there were more
SELECT
    c.owner AS owner,
    toMonday(a.opened_day) AS week,
    count() AS alerts,
    countIf(a.state = 'open') AS open_alerts,
    sum(a.money_at_stake) AS money_at_stake,
    any(b.capacity) AS capacity,
    CAST(count() > any(b.capacity) AS Bool) AS above_capacity
FROM alerts_latest AS a
LEFT JOIN (SELECT client_id, owner FROM client_said) AS c ON c.client_id = a.client_id
CROSS JOIN
(
    SELECT if(JSONHas(value, 'alerts_a_manager_week'), JSONExtractFloat(value, 'alerts_a_manager_week'), 10.) AS capacity
    FROM (SELECT argMaxIf(settings.value, version, kind = 'budget') AS value FROM settings)
) AS b
WHERE a.announced
GROUP BY owner, week
