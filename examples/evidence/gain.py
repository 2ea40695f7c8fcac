"""What knowledge gains in the models of this project and in net.py, on the same rows, and whether the gains differ.

    python gain.py PREPARED RUNS OUT BASE ARM NET_BASE NET_ARM

PREPARED is the folder of `data prepare`, RUNS that of the runs of `compare`, OUT that of net.py. BASE and ARM begin
the names of runs, such as 'plain-????????'; NET_BASE and NET_ARM are arms of net.py, such as plain and both.
Intervals are those of 100 samples of users, drawn with replacement. Needs numpy and pyarrow.
"""
import glob
import sys

import numpy as np
import pyarrow.ipc as ipc

SEEDS = range(1, 6)
SAMPLES = 100


def table(path):
    with ipc.open_file(path) as reader:
        return reader.read_all()


def of_run(runs, experiment, seed, rows):
    (path,) = glob.glob(f"{runs}/{experiment}-s{seed}/predictions-test.arrow")
    predictions = table(path)
    scores = np.empty(rows)
    scores[predictions["row"].to_numpy()] = predictions["probability"].to_numpy()
    return scores


class Ranking:
    """Scores in order, for AUCs with a weight for each row."""

    def __init__(self, scores, labels):
        self.order = np.argsort(scores, kind="stable")
        ordered = scores[self.order]
        first = np.r_[True, ordered[1:] != ordered[:-1]]
        self.tie = np.cumsum(first) - 1
        self.start = np.flatnonzero(first)
        self.end = np.r_[self.start[1:], len(scores)] - 1
        self.labels = labels[self.order]

    def auc(self, weights):
        weights = weights[self.order]
        positive, negative = weights * self.labels, weights * (1 - self.labels)
        up_to = np.cumsum(negative)
        below = (up_to - negative)[self.start] + up_to[self.end]
        return (positive * below[self.tie]).sum() / 2 / (positive.sum() * negative.sum())


def main():
    prepared, runs, out, base, arm, net_base, net_arm = sys.argv[1:8]
    test = table(f"{prepared}/test.arrow")
    labels, users = test["label"].to_numpy(), test["user_index"].to_numpy()
    models = [[of_run(runs, name, seed, len(labels)) for seed in SEEDS] for name in (base, arm)]
    models += [[np.load(f"{out}/{name}-{seed}.npy") for seed in SEEDS] for name in (net_base, net_arm)]
    rankings = [[Ranking(scores, labels) for scores in model] for model in models]

    def gains(weights):
        aucs = [np.mean([ranking.auc(weights) for ranking in model]) for model in rankings]
        return np.array([aucs[1] - aucs[0], aucs[3] - aucs[2], aucs[1] - aucs[0] - aucs[3] + aucs[2]])

    mean = gains(np.ones(len(labels)))
    random = np.random.default_rng(1)
    count = users.max() + 1
    samples = []
    for _ in range(SAMPLES):
        drawn = np.bincount(random.integers(0, count, count), minlength=count)
        samples.append(gains(drawn[users].astype(float)))
    low, high = np.percentile(samples, [2.5, 97.5], axis=0)
    for i, name in enumerate(("models", "network", "difference")):
        print(f"{name:10s} {mean[i]:+.4f} ({low[i]:+.4f} to {high[i]:+.4f})")


if __name__ == "__main__":
    main()
