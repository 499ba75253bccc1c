-- Models of leaving that were fitted, one a day and segment
-- version: Number of the fit, from 1
-- as_of: Last day whose orders were looked at
-- segment: Clients that it is for; empty for all
-- model: MBG/CNBD-k or Pareto/NBD; none where too few clients bought twice
-- k: Regularity of orders in MBG/CNBD-k: 1 is at random, 6 nearly like clockwork; 0 for other models
-- parameters: Parameters by name, times in weeks, as JSON
-- spend_parameters: Parameters of the gamma-gamma model of amounts, as JSON; empty where amounts are unknown
-- log_likelihood: Of the model of orders: the larger, the better, among fits of the same clients
-- clients: Clients with an order
-- repeat_buyers: Clients with two order days or more
-- reason: Why this model
-- fitted_at: When (UTC)
SELECT version, as_of, toString(segment) AS segment, toString(model) AS model, k, parameters, spend_parameters, log_likelihood, clients, repeat_buyers, reason, fitted_at
FROM churn_models_log FINAL
