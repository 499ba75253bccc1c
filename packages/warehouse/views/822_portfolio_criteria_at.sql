-- Scores by client, scheme and criterion, 1 to 10, of clients in the portfolio; criteria that a client has no figure for are missing
-- client_id: Client
-- scheme: Scheme
-- criterion: Criterion
-- figure: What was scored
-- from_people: True where it comes of people, false where of data
-- weight: Weight of the criterion
-- score: 1 to 10
SELECT
    f.client_id AS client_id,
    s.scheme AS scheme,
    s.criterion AS criterion,
    f.figure AS figure,
    CAST(f.from_people AS Bool) AS from_people,
    s.weight AS weight,
    multiIf(
        s.scored = 'written', least(10., greatest(1., f.figure)),
        s.scored = 'steps', arraySort(arrayFilter(step -> f.figure >= step.1, arrayPushBack(s.steps, (-inf, 1.))))[-1].2,
        s.less_is_better, 1. + intDiv(f.more * 10, f.clients),
        1. + intDiv(f.less * 10, f.clients)) AS score
FROM portfolio_schemes AS s
INNER JOIN
(
    -- Equal figures have the same score.
    SELECT
        *,
        count() OVER (PARTITION BY measure) AS clients,
        rank() OVER (PARTITION BY measure ORDER BY figure) - 1 AS less,
        rank() OVER (PARTITION BY measure ORDER BY figure DESC) - 1 AS more
    FROM portfolio_measures_at(as_of = {as_of:Date})
    WHERE measure IN (SELECT criterion FROM portfolio_schemes)
) AS f ON f.measure = s.criterion
