"""Times training steps of PyTorch: the model of TrainingStepBenchmark, for its comparison `torch`.

Started by it with: FOLDER dense|sparse THREADS FIELDS ROWS_PER_FIELD SCENARIOS BATCH. Writes its
name and the number of dense parameters; then for each number of steps that it reads, two lines of
milliseconds, wall and processor time of each step.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

DIMENSION, EXPERTS, WIDTHS, TOWER = 16, 4, (128, 64), 64


class Mmoe(nn.Module):
    """Experts side by side, all gates as one product, a tower a scenario on the rows of it."""

    def __init__(self, width, scenarios):
        super().__init__()
        self.scenarios = scenarios
        self.first = nn.Linear(width, EXPERTS * WIDTHS[0])
        bound = WIDTHS[0] ** -0.5
        self.second = nn.Parameter(torch.empty(EXPERTS, *WIDTHS).uniform_(-bound, bound))
        self.second_bias = nn.Parameter(torch.zeros(EXPERTS, 1, WIDTHS[1]))
        self.gates = nn.Linear(width, scenarios * EXPERTS)
        self.towers = nn.ModuleList(
            nn.Sequential(nn.Linear(WIDTHS[1], TOWER), nn.ReLU(), nn.Linear(TOWER, 1))
            for _ in range(scenarios)
        )

    def forward(self, x, scenario):
        rows = x.shape[0]
        h = functional.relu(self.first(x)).view(rows, EXPERTS, WIDTHS[0]).transpose(0, 1)
        h = functional.relu(torch.baddbmm(self.second_bias, h, self.second))
        gates = self.gates(x).view(rows, self.scenarios, EXPERTS)
        own = gates[torch.arange(rows), scenario].softmax(1)
        hidden = torch.einsum("be,ebh->bh", own, h)
        order = torch.argsort(scenario)
        parts = hidden[order].split(torch.bincount(scenario, minlength=self.scenarios).tolist())
        logits = torch.cat([tower(part) for tower, part in zip(self.towers, parts)])
        return torch.empty_like(logits).index_copy(0, order, logits).squeeze(1)


def read(folder, name, *shape):
    values = np.fromfile(Path(folder, name), dtype="<i4").reshape(-1, *shape)
    return torch.from_numpy(values.astype(np.int64))


def main():
    folder, mode = sys.argv[1:3]
    threads, fields, rows_per_field, scenarios, batch = map(int, sys.argv[3:])
    torch.set_num_threads(threads)
    ids = read(folder, "ids", fields) + torch.arange(fields) * rows_per_field
    scenario, label = read(folder, "scenarios"), read(folder, "labels").float()

    table = nn.Embedding(fields * rows_per_field, DIMENSION, sparse=mode == "sparse")
    nn.init.normal_(table.weight, std=1e-4)
    model = Mmoe(fields * DIMENSION, scenarios)
    dense = list(model.parameters())
    if mode == "sparse":
        optimizers = [
            torch.optim.SparseAdam(table.parameters(), lr=1e-3),
            torch.optim.Adam(dense, lr=1e-3, fused=True),
        ]
    else:
        optimizers = [torch.optim.Adam([*table.parameters(), *dense], lr=1e-3, fused=True)]

    def step(start):
        rows = slice(start, start + batch)
        for optimizer in optimizers:
            optimizer.zero_grad()
        logits = model(table(ids[rows]).flatten(1), scenario[rows])
        loss = functional.binary_cross_entropy_with_logits(logits, label[rows])
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return loss.item()

    print(f"torch {torch.__version__}", sum(p.numel() for p in dense), sep="\t", flush=True)
    done = 0
    for line in sys.stdin:
        wall, processor = [], []
        for _ in range(int(line)):
            cpu, start = time.process_time(), time.perf_counter()
            step(done * batch % len(ids))
            wall.append((time.perf_counter() - start) * 1000)
            processor.append((time.process_time() - cpu) * 1000)
            done += 1
        for times in (wall, processor):
            print(*times, sep="\t", flush=True)


if __name__ == "__main__":
    main()
