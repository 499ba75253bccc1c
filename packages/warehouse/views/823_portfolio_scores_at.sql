-- Score and place of each client by each scheme
-- client_id: Client
-- name: Its name, else its strongest identifier
-- scheme: Scheme
-- score: Average of its criteria by weight, 1 to 10, of those that it has a figure for
-- known: Share of the scheme's weight that it has figures for, 0 to 1
-- people: Share of the score's weight that comes of people, the rest of data
-- place: 1 for the highest score; equal ones share it
SELECT
    c.client_id AS client_id,
    if(w.name = '', i.label, w.name) AS name,
    c.scheme AS scheme,
    c.score AS score,
    c.weight / s.weight AS known,
    c.people AS people,
    rank() OVER (PARTITION BY c.scheme ORDER BY c.score DESC) AS place
FROM
(
    SELECT k.client_id AS client_id, k.scheme AS scheme, sum(k.weight * k.score) / sum(k.weight) AS score, sum(k.weight) AS weight, sumIf(k.weight, k.from_people) / sum(k.weight) AS people
    FROM portfolio_criteria_at(as_of = {as_of:Date}) AS k
    GROUP BY client_id, scheme
) AS c
INNER JOIN (SELECT p.scheme AS scheme, sum(p.weight) AS weight FROM portfolio_schemes AS p GROUP BY scheme) AS s ON s.scheme = c.scheme
LEFT JOIN client_labels AS i ON i.client_id = c.client_id
LEFT JOIN client_names AS w ON w.client_id = c.client_id
