"""Fits churn models by lifetimes. Called with: a CSV with the columns x, t_x, T, zbar; the horizon; how often to fit."""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

# Searches of lifetimes try points beside the domain now and then, which numpy warns of.
warnings.filterwarnings("ignore")
# The search for the Pareto/NBD begins at random, and ends up to 4e-4 from the summit: the same at each run.
np.random.seed(1)

file, horizon, times = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
clients = pd.read_csv(file)
x, t_x, T = clients["x"], clients["t_x"], clients["T"]
spent = clients[clients["x"] > 0]


def timed(fit):
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        fitted = fit()
        seconds.append(time.perf_counter() - began)
    return fitted, seconds


answers = {}
for name, fitter in (("bg-nbd", BetaGeoFitter), ("mbg-nbd", ModifiedBetaGeoFitter), ("pareto-nbd", ParetoNBDFitter)):
    fitted, seconds = timed(lambda: fitter().fit(x, t_x, T))
    answers[name] = {
        "parameters": {key: float(value) for key, value in fitted.params_.items()},
        "seconds": seconds,
        "alive": [float(p) for p in fitted.conditional_probability_alive(x, t_x, T)],
        "expected": [
            float(n) for n in fitted.conditional_expected_number_of_purchases_up_to_time(horizon, x, t_x, T)
        ],
    }
fitted, seconds = timed(lambda: GammaGammaFitter().fit(spent["x"], spent["zbar"]))
answers["gamma-gamma"] = {
    "parameters": {"p": fitted.params_["p"], "q": fitted.params_["q"], "gamma": fitted.params_["v"]},
    "seconds": seconds,
    "amounts": [float(a) for a in fitted.conditional_expected_average_profit(spent["x"], spent["zbar"])],
}
print(json.dumps(answers))
