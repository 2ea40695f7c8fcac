"""Prints the p-values that DeltaMethodTest expects, with numpy and scikit-learn.

The delta method by its definition: a metric is a function of means over users, its gradient is
taken by central differences, and the covariance of the users' vectors is numpy's. Both models are
in one vector, so that the test is paired.
"""

from math import erfc, sqrt

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

row = np.arange(120)
user = row * row % 23
positive = row * 7 % 10 < 4
positive[user == 0] = True
models = [
    (row * 37 % 101 / 128).astype(np.float32),
    (0.0625 * positive + row * 29 % 16 / 32).astype(np.float32),
]


def of_user(u, score):
    own = user == u
    mixed = 0 < positive[own].sum() < own.sum()
    auc = roc_auc_score(positive[own], score[own]) if mixed else 0
    loss = log_loss(positive[own], np.clip(score[own].astype(float), 1e-7, 1 - 1e-7),
                    labels=[False, True], normalize=False)
    return auc * mixed, mixed, own.sum() * auc * mixed, own.sum() * mixed, loss, own.sum(), positive[own].sum()


def entropy(p):
    return -p * np.log(p) - (1 - p) * np.log(1 - p)


METRICS = {
    "gauc": (lambda m: m[2] / m[3], lambda u: u[:, 3] > 0),
    "logLoss": (lambda m: m[4] / m[5], lambda u: u[:, 5] > 0),
    "uauc": (lambda m: m[0] / m[1], lambda u: u[:, 1] > 0),
    "ne": (lambda m: m[4] / m[5] / entropy(m[6] / m[5]), lambda u: u[:, 5] > 0),
}

users = [np.array([of_user(u, score) for u in np.unique(user)], dtype=float) for score in models]
for name, (metric, counts) in METRICS.items():
    kept = counts(users[0])
    both = np.hstack([sums[kept] for sums in users])
    mean = both.mean(0)
    width = len(mean) // 2

    def difference(m):
        return metric(m[:width]) - metric(m[width:])

    gradient = []
    for i in range(len(mean)):
        step = 1e-6 * max(1, abs(mean[i]))
        up, down = mean.copy(), mean.copy()
        up[i] += step
        down[i] -= step
        gradient.append((difference(up) - difference(down)) / (2 * step))
    gradient = np.array(gradient)
    variance = gradient @ np.cov(both, rowvar=False) @ gradient / len(both)
    print(name, metric(mean[:width]), metric(mean[width:]), erfc(abs(difference(mean)) / sqrt(variance) / sqrt(2)))
