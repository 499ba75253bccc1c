-- Clients at and above the thresholds (portfolio_settings.thresholds): who has such a share alone, how few have it together
-- threshold: Share of the value of all
-- clients_above: Clients with at least this share each
-- fewest_clients: The fewest clients that have this share together; NULL where no client has a value above 0
SELECT
    t.threshold AS threshold,
    countIf(p.share >= t.threshold) AS clients_above,
    minOrNullIf(p.place, p.cumulative_share >= t.threshold) AS fewest_clients
FROM portfolio_at(as_of = {as_of:Date}) AS p
CROSS JOIN (SELECT arrayJoin(thresholds) AS threshold FROM portfolio_settings) AS t
GROUP BY threshold
