-- Where schemes disagree about a client: the highest and the lowest place that they give it
-- client_id: Client
-- name: Its name, else its strongest identifier
-- high_scheme: Scheme that places it highest
-- high_place: Its place there
-- low_scheme: Scheme that places it lowest
-- low_place: Its place there
-- difference: Places between them
SELECT s.client_id AS client_id, any(s.name) AS name, argMin(s.scheme, (s.place, s.scheme)) AS high_scheme, min(s.place) AS high_place, argMax(s.scheme, (s.place, s.scheme)) AS low_scheme, max(s.place) AS low_place, low_place - high_place AS difference
FROM portfolio_scores_at(as_of = {as_of:Date}) AS s
GROUP BY client_id
HAVING uniqExact(s.scheme) > 1 AND difference > 0
