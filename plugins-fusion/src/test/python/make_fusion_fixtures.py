"""Writes the fixtures of the fusion heads: logits and gradients by an implementation of its own, in
float64 on torch's autograd, from the formulas and row by row where that is clearer. The loss is the sum
of the binary cross entropy; `factor` is its derivative by the logits.

usage: python make_fusion_fixtures.py [NAME...]   (needs numpy and torch; writes src/test/resources)
"""

import json
import pathlib
import sys
import zlib

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "plugins-backbones/src/test/python"))

from make_backbone_fixtures import Linear, Mlp, Model as Part, rounded  # noqa: E402

OUT = ROOT / "plugins-fusion/src/test/resources/org/llm4msr/plugins/fusion"


class Model(Part):
    """Parameters of all parts, by their full names."""

    def parameter(self, name, *shape, low=-0.7, high=0.7):
        assert name not in self.parameters, name
        self.parameters[name] = self.draw(low, high, shape).requires_grad_()
        return self.parameters[name]


class Batch:
    """Rows in random order, with these many a scenario and a user."""

    def __init__(self, seed, counts, users, fields=3, width=2, knowledge=3, embedding=2):
        rng = np.random.default_rng(seed)

        def normal(*shape):
            return torch.tensor(rng.standard_normal(shape).astype(np.float32).astype(np.float64))

        self.scenarios, self.users, self.field_width = len(counts), len(users), width
        self.scenario = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        self.user = rng.permutation(np.repeat(np.arange(len(users)), users))
        self.x = normal(len(self.scenario), fields * width).requires_grad_()
        self.table = normal(len(counts), embedding)
        self.user_knowledge, self.scenario_knowledge = normal(len(users), knowledge), normal(len(counts), knowledge)
        self.label = torch.tensor(rng.integers(0, 2, len(self.scenario)).astype(float))


def by_row(function, groups, *arrays):
    """Applies a function to each row with its group."""
    return torch.stack([function(group, *row) for group, *row in zip(groups, *arrays)])


def small_backbone(m, b, width):
    """The backbone of the tests of heads: hidden = tanh(x A + a); logit = hidden . b + c(scenario)."""
    bottom, logit = Linear(m, "backbone/bottom", width, 4), Linear(m, "backbone/logit", 4, 1)
    scenario = m.parameter("backbone/scenario", b.scenarios, 1)

    def forward(x):
        hidden = torch.tanh(bottom(x))
        return hidden, (logit(hidden) + scenario[b.scenario])[:, 0]

    return forward


def generated(m, name, source, n, out):
    """W(k) and b(k), linear in the source, of a layer from n to out columns."""
    weight, base = m.parameter(name + "/weight", source, n * out), m.parameter(name + "/weight-base", n * out)
    bias, bias_base = m.parameter(name + "/bias", source, out), m.parameter(name + "/bias-base", out)
    return lambda k: ((k @ weight + base).reshape(n, out), k @ bias + bias_base)


def low_rank(m, name, source, n, out, rank):
    """S + U(k) V and s + d(k) V."""
    factors = generated(m, name, source, n, rank)
    weight, bias = m.parameter(name + "/shared/weight", n, out), m.parameter(name + "/shared/bias", out)
    up = m.parameter(name + "/shared/up", rank, out)

    def of(k):
        factor, number = factors(k)
        return weight + factor @ up, bias + number @ up

    return of


def meta(m, level, knowledge, widths, hidden=0, rank=0):
    """The layers of a meta network for one row x of a group with knowledge k."""
    layers, before = [], lambda k: k
    if hidden:
        bottleneck = Linear(m, f"meta/{level}/hidden", knowledge, hidden)
        before, knowledge = lambda k: torch.relu(bottleneck(k)), hidden
    for i, (n, out) in enumerate(zip(widths, widths[1:])):
        low = [rank] if 0 < rank < out else []
        layers.append((low_rank if low else generated)(m, f"meta/{level}/layer.{i}", knowledge, n, out, *low))

    def forward(k, x):
        for i, layer in enumerate(layers):
            weight, bias = layer(before(k))
            x = x @ weight + bias
            x = torch.relu(x) if i + 1 < len(layers) else x
        return x

    return forward


def levels(m, b, user, scenario, residual=False, between=4, hidden=0, rank=0):
    width, places = b.x.shape[1], {"user": user, "scenario": scenario}
    backbone, layers = small_backbone(m, b, width), {}
    for level, place in places.items():
        if place:
            layers[level] = meta(m, level, 3, [width, between, width if place == "bottom" else 1], hidden, rank)
    beside = [level for level, place in places.items() if place == "parallel"]
    alpha = m.parameter("fusion/alpha", len(beside), low=0.1, high=0.4) if beside else None
    groups = {"user": (b.user, b.user_knowledge), "scenario": (b.scenario, b.scenario_knowledge)}

    def run(level, x):
        group, knowledge = groups[level]
        return by_row(lambda g, row: layers[level](knowledge[g], row), group, x)

    def forward():
        x = b.x
        for level in ("user", "scenario"):
            if places[level] == "bottom":
                x = run(level, x) + (x if residual else 0)
        h = backbone(x)[1]
        # A convex mixture where the weights of the levels are between 0 and 1 together.
        mixed = (1 - sum(alpha)) * h if beside else h
        for weight, level in zip([] if alpha is None else alpha, beside):
            mixed = mixed + weight * run(level, b.x)[:, 0]
        return mixed

    return forward


def epnet(m, b, widths):
    width = b.x.shape[1]
    backbone, seen = small_backbone(m, b, width), b.table.shape[1] + width
    gate = Mlp(m, "fusion/gate", seen, widths, False)
    scores = Linear(m, "fusion/gate/scores", widths[-1] if widths else seen, width)

    def forward():
        inputs = torch.cat([b.table[b.scenario], b.x.detach()], 1)
        return backbone(b.x * 2 * torch.sigmoid(scores(gate(inputs))))[1]

    return forward


def concat(m, b, levels, columns):
    groups = {"user": (b.user, b.user_knowledge), "scenario": (b.scenario, b.scenario_knowledge)}
    projections = {level: Linear(m, "fusion/" + level, 3, columns) for level in levels}
    backbone = small_backbone(m, b, b.x.shape[1] + columns * len(levels))

    def forward():
        rows = []
        for r, x in enumerate(b.x):
            known = [projections[level](groups[level][1][groups[level][0][r]]) for level in levels]
            rows.append(torch.cat([x, *known]))
        return backbone(torch.stack(rows))[1]

    return forward


def dynamic_network(m, b, widths, depth):
    n, ds = 4, b.table.shape[1]
    backbone = small_backbone(m, b, b.x.shape[1])
    generator = Mlp(m, "fusion/generator", ds, widths, False, torch.nn.functional.leaky_relu)
    attention = generated(m, "fusion/attention", widths[-1], n + ds, n)
    scale = m.parameter("fusion/attention-scale", n)
    tower = [generated(m, f"fusion/tower.{i}", widths[-1], n, n) for i in range(depth)]
    logit = Linear(m, "fusion/logit", n, 1)
    leaky = torch.nn.functional.leaky_relu

    def row(s, h):
        z = generator(b.table[s])
        weight, bias = attention(z)
        t = torch.sigmoid(scale * leaky(torch.cat([h, b.table[s]]) @ weight + bias)) * h
        for layer in tower:
            weight, bias = layer(z)
            t = leaky(t @ weight + bias + t)
        return logit(t)[0]

    return lambda: by_row(row, b.scenario, backbone(b.x)[0])


def few():
    # So few rows a user that no matrix a user is worth writing.
    return Batch(6, [5, 4, 0, 1], [2, 1, 3, 1, 1, 2])


def some():
    # Scenario 2 has no rows, scenario 3 one; user 0 takes more than one slot.
    return Batch(5, [12, 11, 0, 1], [10, 1, 6, 4, 3])


CASES = {
    "levels-user": lambda m, b: levels(m, b, "bottom", None),
    "levels-scenario": lambda m, b: levels(m, b, None, "parallel"),
    "levels-bottom": lambda m, b: levels(m, b, "bottom", "bottom", residual=True),
    "levels-parallel": lambda m, b: levels(m, b, "parallel", "parallel"),
    "levels-swapped": lambda m, b: levels(m, b, "parallel", "bottom"),
    "epnet": lambda m, b: epnet(m, b, [4, 3]),
    "epnet-linear": lambda m, b: epnet(m, b, []),
    "dynamic-network": lambda m, b: dynamic_network(m, b, [3], 2),
    "dynamic-network-deep": lambda m, b: dynamic_network(m, b, [4, 3], 3),
    "low-rank": lambda m, b: levels(m, b, "bottom", "parallel", rank=2),
    "low-rank-few-rows": lambda m, b: levels(m, b, "bottom", "parallel", hidden=4, rank=2),
    "concat": lambda m, b: concat(m, b, ["user", "scenario"], 2),
    "concat-user": lambda m, b: concat(m, b, ["user"], 3),
}


def case(name):
    batch, model = few() if name.endswith("few-rows") else some(), Model(zlib.crc32(name.encode()))
    logits = CASES[name](model, batch)()
    terms = torch.nn.functional.binary_cross_entropy_with_logits(logits, batch.label, reduction="none")
    assert terms.max() < 20, "a loss so large hides the gradients of others: take another seed"
    terms.sum().backward()

    def flat(array):
        return array.detach().ravel().tolist()

    def gradient(array):
        return flat(torch.zeros_like(array) if array.grad is None else array.grad)

    return {
        "scenarios": batch.scenarios,
        "scenario": batch.scenario.tolist(),
        "user": batch.user.tolist(),
        "fieldWidth": batch.field_width,
        "flat": batch.x.tolist(),
        "scenarioTable": batch.table.tolist(),
        "userKnowledge": batch.user_knowledge.tolist(),
        "scenarioKnowledge": batch.scenario_knowledge.tolist(),
        "factor": flat(torch.sigmoid(logits) - batch.label),
        "parameters": {key: flat(value) for key, value in model.parameters.items()},
        "logits": flat(logits),
        "gradients": {key: gradient(value) for key, value in model.parameters.items()},
        "inputGradient": gradient(batch.x),
        "buffersAfter": {},
        "inferenceAfter": flat(logits),
    }


def main():
    for name in sys.argv[1:] or CASES:
        (OUT / (name + ".json")).write_text(json.dumps(rounded(case(name))) + "\n")


if __name__ == "__main__":
    main()
