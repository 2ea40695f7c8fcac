"""A small PyTorch network on prepared data, beside the models of this project.

    python net.py PREPARED STORE OUT [ARM ...]

PREPARED is the folder of `data prepare`, STORE that of `knowledge extract`, with items. The network has embeddings
of user, item and scenario and layers of 128 and 64; with `vector`, a linear map of the item's vector; with `history`,
six numbers that say how alike the item is to the last 50 positives of the user before the row. Each seed has the
epoch with the best validation AUC of twelve. OUT gets the test scores of each run, in the order of test.arrow.
ARM is one of those below; without any, all are trained. Needs numpy, scipy, pyarrow and torch.
"""
import glob
import json
import os
import sys

import numpy as np
import pyarrow.ipc as ipc
import torch
from scipy.stats import rankdata
from torch import nn

LENGTH = 50
EPOCHS = 12
SEEDS = [1, 2, 3, 4, 5]
BATCH = 1024
ARMS = {
    "plain": (False, False, False),
    "item vector": (True, False, False),
    "history": (False, True, False),
    "both": (True, True, False),
    "both, shuffled": (True, True, True),
}


def table(path):
    with ipc.open_file(path) as reader:
        return reader.read_all()


def auc(scores, labels):
    ranks = rankdata(scores)
    positives = labels.sum()
    return (ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


class Data:
    def __init__(self, prepared, store):
        columns = ("user_index", "item_index", "scenario_rank", "user_id", "item_id", "label", "time", "drawn")
        parts = [table(f"{prepared}/{name}.arrow") for name in ("train", "validation", "test")]
        self.part = np.repeat(range(3), [len(part) for part in parts])
        for column in columns:
            setattr(self, column, np.concatenate([part[column].to_numpy() for part in parts]))
        self.item_rows = np.bincount(self.item_index[self.part == 0], minlength=self.item_index.max() + 1)
        self.vectors = self.unit_vectors(prepared, store)
        self.known = np.abs(self.vectors).sum(1) > 0

    @staticmethod
    def unit_vectors(prepared, store):
        index = {key: i for i, key in enumerate(table(f"{prepared}/items.arrow")["key"].to_pylist())}
        vectors = None
        for path in sorted(glob.glob(f"{store}/items-*.arrow")):
            stored = table(path)
            values = stored["vector"].combine_chunks().flatten().to_numpy().reshape(len(stored), -1).astype(np.float32)
            if vectors is None:
                vectors = np.zeros((len(index), values.shape[1]), np.float32)
            vectors[[index[key] for key in stored["key"].to_pylist()]] = values
        known = np.abs(vectors).sum(1) > 0
        vectors[known] -= vectors[known].mean(0)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def similarities(self, vectors):
        """Whether there is a past; mean, mean of the top three, maximum; maxima in the row's scenario and in others."""
        logged = np.flatnonzero((self.part == 0) & (self.label == 1) & (self.drawn == 0))
        logged = logged[np.lexsort((self.time[logged], self.user_index[logged]))]
        starts = np.searchsorted(self.user_index[logged], np.arange(self.user_index.max() + 2))
        numbers = np.zeros((len(self.label), 6), np.float32)
        for row in np.flatnonzero(self.known[self.item_index]):
            user = self.user_index[row]
            own = logged[starts[user] : starts[user + 1]]
            past = own[: np.searchsorted(self.time[own], self.time[row])][-LENGTH:]
            if len(past):
                cosines = vectors[self.item_index[past]] @ vectors[self.item_index[row]]
                same = self.scenario_rank[past] == self.scenario_rank[row]
                numbers[row] = (
                    1,
                    cosines.mean(),
                    np.sort(cosines)[-3:].mean(),
                    cosines.max(),
                    cosines[same].max() if same.any() else 0,
                    cosines[~same].max() if not same.all() else 0,
                )
        return numbers


class Net(nn.Module):
    def __init__(self, users, items, scenarios, dimension, numbers):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, 16) for size in (users, items, scenarios))
        for embedding in self.tables:
            nn.init.normal_(embedding.weight, std=1e-2)
        self.vector = nn.Linear(dimension, 16) if dimension else None
        width = 48 + (16 if dimension else 0) + numbers
        self.layers = nn.Sequential(
            nn.Linear(width, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 1)
        )

    def forward(self, ids, vectors, numbers):
        parts = [embedding(ids[:, i]) for i, embedding in enumerate(self.tables)]
        penalty = parts[0].square().sum() + parts[1].square().sum()
        if self.vector is not None:
            parts.append(self.vector(vectors))
        return self.layers(torch.cat(parts + [numbers], 1)).squeeze(1), penalty


def train(data, arm, seed, numbers, vectors):
    with_vector, with_history, _ = ARMS[arm]
    torch.manual_seed(seed)
    ids = torch.tensor(np.stack([data.user_id, data.item_id, data.scenario_rank], 1).astype(np.int64))
    labels = torch.tensor(data.label.astype(np.float32))
    vectors = torch.tensor(vectors)
    items = torch.tensor(data.item_index.astype(np.int64))
    numbers = torch.tensor(numbers if with_history else numbers[:, :0])
    sizes = (ids.max(0).values + 1).tolist()
    net = Net(*sizes, vectors.shape[1] if with_vector else 0, numbers.shape[1])
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    rows = np.flatnonzero(data.part == 0)

    def output(picked):
        picked = torch.as_tensor(picked)
        return net(ids[picked], vectors[items[picked]] if with_vector else None, numbers[picked])

    def scores(part):
        picked = np.flatnonzero(data.part == part)
        with torch.no_grad():
            return np.concatenate([output(some)[0].numpy() for some in np.array_split(picked, 50)])

    best = (0, None)
    for epoch in range(EPOCHS):
        net.train()
        order = np.random.default_rng(100 * seed + epoch).permutation(rows)
        for start in range(0, len(order), BATCH):
            picked = order[start : start + BATCH]
            logits, penalty = output(picked)
            loss = nn.functional.binary_cross_entropy_with_logits(logits, labels[picked]) + 1e-4 * penalty / len(picked)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.eval()
        validation = auc(scores(1), data.label[data.part == 1])
        if validation > best[0]:
            best = (validation, scores(2), epoch + 1)
    return best


def main():
    prepared, store, out = sys.argv[1:4]
    arms = sys.argv[4:] or list(ARMS)
    os.makedirs(out, exist_ok=True)
    data = Data(prepared, store)
    test = data.part == 2
    labels = data.label[test]
    new = data.item_rows[data.item_index[test]] == 0
    shuffled = np.random.default_rng(5).permutation(len(data.vectors))
    computed = {False: data.similarities(data.vectors)}
    computed[True] = data.similarities(data.vectors[shuffled])
    for arm in arms:
        shuffle = ARMS[arm][2]
        vectors = data.vectors[shuffled] if shuffle else data.vectors
        results = []
        for seed in SEEDS:
            validation, scores, epoch = train(data, arm, seed, computed[shuffle], vectors)
            np.save(f"{out}/{arm.replace(', ', '-').replace(' ', '-')}-{seed}.npy", scores)
            results.append((validation, auc(scores, labels), auc(scores[new], labels[new]), epoch))
        mean = np.mean(results, 0)
        deviation = np.std(results, 0, ddof=1)
        print(
            f"{arm:15s} validation {mean[0]:.4f}  test {mean[1]:.4f} ({deviation[1]:.4f})"
            f"  new items {mean[2]:.4f} ({deviation[2]:.4f})  epochs {json.dumps([r[3] for r in results])}",
            flush=True,
        )


if __name__ == "__main__":
    main()
