"""Times epochs of MMoE on prepared rows, for FieldTrainerBenchmark.

Started by it with: CHECKOUT FOLDER loader|slices THREADS BATCH ROWS VOCABULARY... CHECKOUT holds
Scenario-Wise-Rec. With `loader` its own trainer and data loader run, with `slices` its model in a
plain loop over shuffled tensors. Writes its name and the number of dense parameters; then, for each
line that it reads, the seconds of one epoch.
"""

import contextlib
import io
import sys
import time
from pathlib import Path

import numpy as np
import torch

EXPERTS, WIDTHS, DIMENSION = 4, [128, 64], 16


def main():
    checkout, folder, mode = sys.argv[1:4]
    threads, batch, rows = map(int, sys.argv[4:7])
    vocabularies = list(map(int, sys.argv[7:]))
    torch.set_num_threads(threads)
    sys.path.insert(0, checkout)
    from scenario_wise_rec.basic.features import SparseFeature
    from scenario_wise_rec.models.multi_domain import MMOE
    from scenario_wise_rec.trainers import CTRTrainer
    from scenario_wise_rec.utils.data import DataGenerator

    ids = read(folder, "ids").reshape(rows, -1)
    scenario, label = read(folder, "scenarios"), read(folder, "labels")
    names = [f"field{f}" for f in range(len(vocabularies))]
    features = [
        SparseFeature(name, vocab_size=size, embed_dim=DIMENSION)
        for name, size in zip(names, vocabularies)
    ]
    model = MMOE(features, int(scenario.max()) + 1, EXPERTS, {"dims": WIDTHS}, {"dims": []})
    trainer = CTRTrainer(model, "benchmark", optimizer_params={"lr": 1e-3, "weight_decay": 1e-5})
    x = {name: ids[:, f].copy() for f, name in enumerate(names)} | {"domain_indicator": scenario}

    if mode == "loader":
        loader, _, _ = DataGenerator(x, label).generate_dataloader(
            x_val=x, y_val=label, x_test=x, y_test=label, batch_size=batch
        )

        def epoch():
            with contextlib.redirect_stderr(io.StringIO()):
                trainer.train_one_epoch(loader)
    else:
        tensors = {name: torch.from_numpy(values) for name, values in x.items()}
        labels = torch.from_numpy(label).float()

        def epoch():
            model.train()
            order = torch.randperm(rows)
            for start in range(0, rows, batch):
                part = order[start : start + batch]
                predicted = model({name: values[part] for name, values in tensors.items()})
                loss = trainer.criterion(predicted, labels[part])
                trainer.optimizer.zero_grad()
                loss.backward()
                trainer.optimizer.step()
                loss.item()

    embeddings = sum(p.numel() for p in model.embedding.parameters())
    dense = sum(p.numel() for p in model.parameters()) - embeddings
    print(f"Scenario-Wise-Rec, {mode}", dense, sep="\t", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        epoch()
        print(time.perf_counter() - start, flush=True)


def read(folder, name):
    return np.fromfile(Path(folder, name), dtype="<i4").astype(np.int64)


if __name__ == "__main__":
    main()
