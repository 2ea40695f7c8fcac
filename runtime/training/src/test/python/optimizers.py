"""Writes fixtures/optimizers.json: what torch.optim does to an embedding table over a few steps.

Run with PyTorch (made with 2.15.0 on CPU): python optimizers.py ../resources/fixtures/optimizers.json
Gradients span 1e-8 to 1, so that the place of epsilon shows.
"""
import json
import sys

import torch

ROWS, DIM, BATCH, STEPS = 7, 3, 6, 5
IDS = [[0, 3, 3, 5, 1, 0], [2, 2, 2, 2, 2, 2], [6, 5, 4, 3, 2, 1], [0, 0, 6, 6, 0, 3], [1, 4, 1, 4, 1, 5]]

torch.manual_seed(3)
START = torch.randn(ROWS, DIM)
SCALE = torch.tensor([1.0, 1e-3, 1e-8, 1e-6, 1e-8, 1e-2]).unsqueeze(1)
GRADIENTS = [torch.randn(BATCH, DIM) * SCALE for _ in range(STEPS)]


def run(sparse, make):
    """Returns the table after each step; the gradient of a row is the sum over its occurrences."""
    table = torch.nn.Embedding(ROWS, DIM, sparse=sparse)
    with torch.no_grad():
        table.weight.copy_(START)
    optimizer = make(table.parameters())
    after = []
    for ids, gradient in zip(IDS, GRADIENTS):
        optimizer.zero_grad(set_to_none=True)
        (table(torch.tensor(ids)) * gradient).sum().backward()
        optimizer.step()
        after.append(table.weight.detach().flatten().tolist())
    return after


optim = torch.optim
CASES = {
    "lazy adam": run(True, lambda p: optim.SparseAdam(p, lr=0.01)),
    "adam": run(False, lambda p: optim.Adam(p, lr=0.01, foreach=False)),
    "adam l2": run(False, lambda p: optim.Adam(p, lr=0.01, weight_decay=0.01, foreach=False)),
    "adam betas": run(False, lambda p: optim.Adam(p, lr=0.01, betas=(0.5, 0.9), eps=1e-6, foreach=False)),
    "adagrad": run(True, lambda p: optim.Adagrad(p, lr=0.01, eps=1e-10)),
    "adagrad l2": run(False, lambda p: optim.Adagrad(p, lr=0.01, eps=1e-8, weight_decay=0.01)),
    "sgd": run(True, lambda p: optim.SGD(p, lr=0.1)),
    "sgd l2": run(False, lambda p: optim.SGD(p, lr=0.1, weight_decay=0.01)),
}

with open(sys.argv[1], "w") as out:
    json.dump(
        {
            "torch": torch.__version__,
            "rows": ROWS,
            "dimension": DIM,
            "start": START.flatten().tolist(),
            "ids": IDS,
            "gradients": [g.flatten().tolist() for g in GRADIENTS],
            "cases": CASES,
        },
        out,
        indent=1,
    )
    out.write("\n")
