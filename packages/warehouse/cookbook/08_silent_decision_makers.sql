-- Which decision makers went silent at clients that still order?
-- Asked by: account managers: a decision maker who is gone is a risk of its own
-- client: Client, with an order in the last 30 days
-- email: The person, whose role is decides (without the condition on role: everybody)
-- last_act: Day of the person's last act (mail, web, phone), more than 90 days ago
-- acts: Acts of the person before
-- client_revenue: The client's net revenue of the last 365 days
WITH
    (SELECT today FROM workspace) AS today,
    people AS
    (
        SELECT p.contact_id AS contact_id, any(p.client_id) AS client_id, max(t.day) AS last_act, count() AS acts
        FROM timeline AS t
        INNER JOIN identities AS p ON p.key = t.contact_key
        WHERE t.activity AND t.kind IN ('email', 'web', 'call') AND p.contact_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY p.contact_id
        HAVING acts >= 10 AND last_act < today - 90
    )
SELECT c.name AS client, arrayMin(k.emails) AS email, p.last_act AS last_act, p.acts AS acts, toFloat64(c.revenue_365d) AS client_revenue
FROM people AS p
INNER JOIN contacts AS k ON k.contact_id = p.contact_id
INNER JOIN clients AS c ON c.client_id = p.client_id
WHERE k.role = 'decides' AND toDate(c.last_order) >= today - 30
ORDER BY client_revenue DESC, email
LIMIT 20
