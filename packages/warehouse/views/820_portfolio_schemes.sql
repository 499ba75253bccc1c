-- Scoring schemes: each a list of criteria with weights. Those that somebody set (settings of kind portfolio, schemes), else value and attractiveness
-- scheme: Name of the scheme
-- criterion: What is scored: a measure of portfolio_measures
-- weight: Its weight; those of a scheme need not add up to 1
-- scored: quantile: 1 to 10 by place among all clients who have it; written: the figure itself, 1 to 10; steps: by steps
-- less_is_better: True where the lowest figure scores highest (quantile)
-- steps: From which figure on which score, as (from, score)
SELECT
    s.1 AS scheme,
    JSONExtractString(c, 'criterion') AS criterion,
    if(JSONHas(c, 'weight'), JSONExtractFloat(c, 'weight'), 1.) AS weight,
    if(JSONHas(c, 'scored'), JSONExtractString(c, 'scored'), 'quantile') AS scored,
    JSONExtractBool(c, 'less_is_better') AS less_is_better,
    JSONExtract(c, 'steps', 'Array(Tuple(Float64, Float64))') AS steps
FROM
(
    SELECT arrayJoin(JSONExtractKeysAndValuesRaw(if(JSONHas(value, 'schemes'), JSONExtractRaw(value, 'schemes'),
        '{"value": [{"criterion": "revenue", "weight": 3}, {"criterion": "margin", "weight": 2}, {"criterion": "growth"}, {"criterion": "order_months"}],
          "attractiveness": [{"criterion": "share_of_budget", "weight": 2}, {"criterion": "nps", "weight": 2, "scored": "steps", "steps": [[0, 1], [7, 6], [9, 10]]},
            {"criterion": "acts_90d"}, {"criterion": "recency_days", "less_is_better": true}, {"criterion": "custom.criticality", "weight": 2, "scored": "written"}]}'))) AS s
    FROM (SELECT argMaxIf(settings.value, version, kind = 'portfolio') AS value FROM settings)
)
ARRAY JOIN JSONExtractArrayRaw(s.2) AS c
