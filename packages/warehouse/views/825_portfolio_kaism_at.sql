-- KAISM, Key Account Identification and Selection Matrix: how valuable the client is to us (scheme kaism_up) against how attractive we are to it (scheme kaism_across)
-- client_id: Client
-- name: Its name, else its strongest identifier
-- up: Score of its value to us, 1 to 10
-- across: Score of our attractiveness to it, 1 to 10
-- known: The smaller share of a scheme's weight that it has figures for: how far to trust it
-- quadrant: key: both at least kaism_limit; prospective: valuable, but we matter little to it; supporting: we matter, but it is small; low_priority: neither
SELECT
    s.client_id AS client_id,
    any(s.name) AS name,
    anyIf(s.score, s.scheme = p.kaism_up) AS up,
    anyIf(s.score, s.scheme = p.kaism_across) AS across,
    min(s.known) AS known,
    multiIf(up >= any(p.kaism_limit) AND across >= any(p.kaism_limit), 'key', up >= any(p.kaism_limit), 'prospective', across >= any(p.kaism_limit), 'supporting', 'low_priority') AS quadrant
FROM portfolio_scores_at(as_of = {as_of:Date}) AS s
CROSS JOIN portfolio_settings AS p
WHERE s.scheme IN (p.kaism_up, p.kaism_across)
GROUP BY client_id
HAVING uniqExact(s.scheme) = 2
