"""Makes the fixtures of CalibrationFitTest, rows.csv and reference.json, with scikit-learn.

scikit-learn 1.8, scipy, numpy. Rows are counted by logit, in steps of 1/8: each of the bins of the fit
then holds one logit, and both fit the same numbers.
"""

import json
import pathlib

import numpy as np
from scipy.optimize import brentq
from sklearn.linear_model import LogisticRegression

TARGET = pathlib.Path(__file__).parent.parent / "resources/org/llm4msr/runtime/calibration"
SCENARIOS = ["feed", "search", "few", "one-class", "empty", "worse"]
PRIOR_ROWS = 100
LEAST_SLOPE = 0.01

rng = np.random.default_rng(7)


def draw(rows, slope, offset):
    x = np.round(rng.normal(-0.5, 1.5, rows) * 8) / 8
    y = rng.random(rows) < 1 / (1 + np.exp(-(slope * x + offset)))
    return x, y.astype(float)


rows = {
    "feed": draw(3000, 0.5, -0.7),
    "search": draw(800, 1.7, 0.4),
    "few": draw(6, 1, 0),
    "one-class": draw(60, 0, -50),
    "empty": draw(0, 1, 0),
    "worse": draw(600, -0.8, 0),
}


def fit(x, target, weight):
    """Each row counts as a positive one of weight target and a negative one of the rest."""
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000, solver="newton-cholesky")
    model.fit(
        np.concatenate([x, x])[:, None],
        np.concatenate([np.ones(len(x)), np.zeros(len(x))]),
        np.concatenate([weight * target, weight * (1 - target)]),
    )
    slope, offset = model.coef_[0, 0], model.intercept_[0]
    if slope < LEAST_SLOPE:
        slope = LEAST_SLOPE
        offset = brentq(lambda b: (weight * (sigmoid(slope * x + b) - target)).sum(), -9, 9, xtol=1e-14)
    return slope, offset


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


x = np.concatenate([rows[name][0] for name in SCENARIOS])
y = np.concatenate([rows[name][1] for name in SCENARIOS])
positives = y.sum()
negatives = len(y) - positives
softened = np.where(y == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
slope, offset = fit(x, softened, np.ones(len(x)))
reference = {}
for name in SCENARIOS:
    own_x, own_y = rows[name]
    prior = np.full(len(x), PRIOR_ROWS / len(x))
    reference[name] = fit(
        np.concatenate([own_x, x]),
        np.concatenate([own_y, sigmoid(slope * x + offset)]),
        np.concatenate([np.ones(len(own_x)), prior]),
    )
with open(TARGET / "rows.csv", "w") as out:
    out.write("scenario,logit,rows,positives\n")
    for name in SCENARIOS:
        own_x, own_y = rows[name]
        for value in np.unique(own_x):
            here = own_x == value
            out.write("%s,%s,%d,%d\n" % (name, value, here.sum(), own_y[here].sum()))
with open(TARGET / "reference.json", "w") as out:
    json.dump({"together": (slope, offset), "scenarios": reference}, out, indent=2)
    out.write("\n")
