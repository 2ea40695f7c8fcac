"""Makes the fixtures of EvaluatorTest, predictions.csv and reference.json, with scikit-learn.

scikit-learn 1.x, numpy. GAUC and calibration error have no function there; they are written out
from their definitions.
"""

import json
import pathlib

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

SCENARIOS = ["feed", "search", "one-class", "empty"]
TARGET = pathlib.Path(__file__).parent.parent / "resources/org/llm4msr/runtime/evaluation"
ROWS, USERS, BINS = 800, 60, 20

rng = np.random.default_rng(7)
scenario = rng.choice(3, ROWS, p=[0.6, 0.35, 0.05])
user = rng.integers(0, USERS, ROWS)
# Few distinct values, so that many rows are tied.
probability = np.round(rng.beta(2, 3, ROWS), 2).astype(np.float32)
label = (rng.random(ROWS) < probability).astype(int)
label[scenario == 2] = 0


def gauc(rows):
    total, weight = 0.0, 0
    for u in np.unique(user[rows]):
        own = rows & (user == u)
        if len(np.unique(label[own])) == 2:
            total += own.sum() * roc_auc_score(label[own], probability[own])
            weight += int(own.sum())
    return (total / weight if weight else None), weight


def uauc(rows):
    aucs, out = [], 0
    for u in np.unique(user[rows]):
        own = rows & (user == u)
        if len(np.unique(label[own])) == 2:
            aucs.append(roc_auc_score(label[own], probability[own]))
        else:
            out += 1
    return (float(np.mean(aucs)) if aucs else None), len(aucs), out


def metrics(rows):
    n = int(rows.sum())
    if n == 0:
        return {"rows": 0, "positives": 0}
    y, p = label[rows], probability[rows].astype(np.float64)
    bins = np.minimum((probability[rows].astype(np.float64) * BINS).astype(int), BINS - 1)
    error = sum(abs(p[bins == b].mean() - y[bins == b].mean()) * (bins == b).sum() for b in set(bins)) / n
    value, weight = gauc(rows)
    mean, users, out = uauc(rows)
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    loss = log_loss(y, clipped, labels=[0, 1])
    constant = log_loss(y, np.full(n, y.mean()), labels=[0, 1])
    return {
        "rows": n,
        "positives": int(y.sum()),
        "auc": roc_auc_score(y, p) if 0 < y.sum() < n else None,
        "gauc": value,
        "gaucRows": weight,
        "logLoss": loss,
        "meanPrediction": p.mean(),
        "meanLabel": y.mean(),
        "calibration": p.mean() / y.mean() if y.sum() else None,
        "calibrationError": error,
        "uauc": mean,
        "uaucUsers": users,
        "uaucLeftOut": out,
        "ne": loss / constant if 0 < y.sum() < n else None,
    }


with open(TARGET / "predictions.csv", "w") as out:
    out.write("scenario,user,label,probability\n")
    for row in zip(scenario, user, label, probability):
        out.write("%d,%d,%d,%s\n" % row)
everything = np.ones(ROWS, bool)
reference = {
    "overall": metrics(everything),
    "scenarios": {name: metrics(scenario == s) for s, name in enumerate(SCENARIOS)},
}
with open(TARGET / "reference.json", "w") as out:
    json.dump(reference, out, indent=2)
    out.write("\n")
