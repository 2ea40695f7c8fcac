"""Writes the fixtures of the backbones: logits, hidden units, gradients and running statistics by an
implementation of its own, in float64 on torch's autograd, from the formulas and row by row where
that is clearer. The loss is the sum of the binary cross entropy; `factor` is its derivative by the
logits, which is all that the model under test is told of it.

usage: python make_backbone_fixtures.py [NAME...]   (needs numpy and torch; writes src/test/resources)
"""

import json
import pathlib
import sys
import zlib

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
OUT = pathlib.Path(__file__).resolve().parents[1] / "resources/org/llm4msr/plugins/backbones"


class Model:
    """Parameters and running statistics by name, drawn from a seed, rounded to float32."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.parameters, self.running, self.train, self.loss = {}, {}, True, 0

    def draw(self, low, high, shape):
        return torch.tensor(self.rng.uniform(low, high, shape).astype(np.float32).astype(np.float64))

    def parameter(self, name, *shape, low=-0.7, high=0.7):
        name = "backbone/" + name
        assert name not in self.parameters, name
        self.parameters[name] = self.draw(low, high, shape).requires_grad_()
        return self.parameters[name]

    def buffer(self, name, value):
        self.running["backbone/" + name] = value
        return "backbone/" + name


class Linear:
    def __init__(self, m, name, n, out, spread=0.7):
        self.weight = m.parameter(name + "/weight", n, out, low=-spread, high=spread)
        self.bias = m.parameter(name + "/bias", out)

    def __call__(self, x):
        return x @ self.weight + self.bias


class Statistics:
    """Batch statistics of columns in training, of two rows or more; else the running ones."""

    def __init__(self, m, name, width):
        self.m = m
        self.mean = m.buffer(name + "/running-mean", torch.zeros(width))
        self.variance = m.buffer(name + "/running-variance", torch.ones(width))

    def __call__(self, x):
        if not self.m.train or len(x) < 2:
            mean, variance = self.m.running[self.mean], self.m.running[self.variance]
        else:
            mean, variance = x.mean(0), x.var(0, unbiased=False)
            self.m.running[self.mean] = 0.9 * self.m.running[self.mean] + 0.1 * mean.detach()
            self.m.running[self.variance] = 0.9 * self.m.running[self.variance] + 0.1 * x.var(0).detach()
        return (x - mean) / torch.sqrt(variance + 1e-5)


class Norm:
    def __init__(self, m, name, width):
        self.scale = m.parameter(name + "/scale", width, low=0.5, high=1.5)
        self.shift = m.parameter(name + "/shift", width)
        self.statistics = Statistics(m, name, width)

    def __call__(self, x):
        return self.statistics(x) * self.scale + self.shift


class Mlp:
    def __init__(self, m, name, n, widths, norm, act=torch.relu):
        self.layers, self.act, self.out = [], act, n
        for i, width in enumerate(widths):
            linear = Linear(m, f"{name}/layer.{i}", self.out, width)
            self.layers.append((linear, Norm(m, f"{name}/layer.{i}/norm", width) if norm else None))
            self.out = width

    def __call__(self, x):
        for linear, norm in self.layers:
            x = linear(x)
            x = self.act(norm(x) if norm else x)
        return x


class FusedExperts:
    """Experts of which each is a network of its own; their weights lie side by side in one array."""

    def __init__(self, m, name, n, experts, widths, norm, act=torch.relu):
        self.experts, self.act, self.layers = experts, act, []
        for i, width in enumerate(widths):
            shape = (n, experts * width) if i == 0 else (experts, n, width)
            weight = m.parameter(f"{name}/layer.{i}/weight", *shape)
            bias = m.parameter(f"{name}/layer.{i}/bias", experts * width)
            scale = shift = statistics = None
            if norm:
                scale = m.parameter(f"{name}/layer.{i}/norm/scale", experts * width, low=0.5, high=1.5)
                shift = m.parameter(f"{name}/layer.{i}/norm/shift", experts * width)
                statistics = Statistics(m, f"{name}/layer.{i}/norm", experts * width)
            self.layers.append((weight, bias, scale, shift, statistics, width))
            n = width

    def __call__(self, x):
        """The outputs of the experts, a list of (rows, width)."""
        inputs = [x] * self.experts
        for weight, bias, scale, shift, statistics, width in self.layers:
            own = [slice(e * width, (e + 1) * width) for e in range(self.experts)]
            weights = [weight[:, own[e]] if weight.dim() == 2 else weight[e] for e in range(self.experts)]
            h = [inputs[e] @ weights[e] + bias[own[e]] for e in range(self.experts)]
            if statistics:
                # Columns are normalised one by one, so that side by side is expert by expert.
                normal = statistics(torch.cat(h, 1))
                h = [normal[:, own[e]] * scale[own[e]] + shift[own[e]] for e in range(self.experts)]
            inputs = [self.act(each) for each in h]
        return inputs


class Batch:
    def __init__(self, seed, counts, training_rows, fields, width, embedding=3):
        rng = np.random.default_rng(seed)

        def normal(*shape):
            return rng.standard_normal(shape).astype(np.float32).astype(np.float64)

        self.scenarios, self.training_rows = len(counts), training_rows
        self.scenario = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        self.field_width = width
        self.x = torch.tensor(normal(len(self.scenario), fields * width), requires_grad=True)
        self.table = torch.tensor(normal(len(counts), embedding), requires_grad=True)
        self.label = torch.tensor(rng.integers(0, 2, len(self.scenario)).astype(float))

    def rows(self, s):
        return np.flatnonzero(self.scenario == s)

    def by_scenario(self, x, branch):
        """Sends the rows of each scenario that has some through a branch of its own."""
        result = {}
        for s in range(self.scenarios):
            if len(self.rows(s)):
                for row, value in zip(self.rows(s), branch(s, x[self.rows(s)])):
                    result[row] = value
        return torch.stack([result[row] for row in range(len(x))])


def towers(m, b, n, widths, norm, act=torch.relu):
    made = []
    for s in range(b.scenarios):
        made.append((Mlp(m, f"tower.{s}", n, widths, norm, act), Linear(m, f"tower.{s}/logit", widths[-1] if widths else n, 1)))
    return lambda hidden: b.by_scenario(hidden, lambda s, rows: made[s][1](made[s][0](rows))[:, 0])


def mix(scores, outputs):
    """sum over e of softmax(scores)_e outputs_e, row by row."""
    return torch.stack(
        [
            sum(w * output[row] for w, output in zip(torch.softmax(scores[row], 0), outputs))
            for row in range(len(scores))
        ]
    )


def omoe(m, b, experts, expert, gate_norm, norm):
    group = FusedExperts(m, "experts", b.x.shape[1], experts, expert, norm)
    gate = Linear(m, "gate.0", b.x.shape[1], experts)
    normal = Norm(m, "gate-norm", experts) if gate_norm else lambda scores: scores
    tower = towers(m, b, expert[-1], [3], norm)

    def forward():
        hidden = mix(normal(gate(b.x)), group(b.x))
        return hidden, tower(hidden)

    return forward


def ple(m, b, levels, own, shared, expert, norm):
    n, made = b.x.shape[1], []
    for level in range(levels - 1):
        at = f"level.{level}"
        specific = [FusedExperts(m, f"{at}/specific.{s}", n, own, expert, norm) for s in range(b.scenarios)]
        gates = [Linear(m, f"{at}/specific.{s}/gate.0", n, own + shared) for s in range(b.scenarios)]
        common = FusedExperts(m, f"{at}/shared", n, shared, expert, norm)
        common_gates = [
            Linear(m, f"{at}/shared/gate-specific", n, own * b.scenarios),
            Linear(m, f"{at}/shared/gate-shared", n, shared),
        ]
        made.append((specific, gates, common, common_gates))
        n = expert[-1]
    at = f"level.{levels - 1}"
    last = [FusedExperts(m, f"{at}/specific.{s}", n, own, expert, norm) for s in range(b.scenarios)]
    last_gates = [Linear(m, f"{at}/gate.{s}", n, own + shared) for s in range(b.scenarios)]
    last_common = FusedExperts(m, f"{at}/shared", n, shared, expert, norm)
    tower = towers(m, b, expert[-1], [3], norm)

    def forward():
        xs, x_shared = [b.x] * b.scenarios, b.x
        for specific, gates, common, common_gates in made:
            outputs = [experts(x) for experts, x in zip(specific, xs)]
            everybody = common(x_shared)
            scores = torch.cat([gate(x_shared) for gate in common_gates], 1)
            next_shared = mix(scores, sum(outputs, []) + everybody)
            xs = [mix(gate(x), output + everybody) for gate, x, output in zip(gates, xs, outputs)]
            x_shared = next_shared
        everybody = last_common(x_shared)
        hidden = {}
        for s in range(b.scenarios):
            rows = b.rows(s)
            if len(rows):
                x = xs[s][rows]
                outputs = last[s](x) + [output[rows] for output in everybody]
                for row, value in zip(rows, mix(last_gates[s](x), outputs)):
                    hidden[row] = value
        hidden = torch.stack([hidden[row] for row in range(len(b.x))])
        return hidden, tower(hidden)

    return forward


def star(m, b, layers, auxiliary):
    n = b.x.shape[1]
    shared_scale, shared_shift = m.parameter("norm/shared/scale", n, low=0.5, high=1.5), m.parameter("norm/shared/shift", n)
    own = []
    for s in range(b.scenarios):
        name = f"norm/scenario.{s}"
        scale, shift = m.parameter(name + "/scale", n, low=0.5, high=1.5), m.parameter(name + "/shift", n)
        own.append((scale, shift, Statistics(m, name, n)))
    stars = []
    for i, width in enumerate([*layers, 1]):
        name = f"layer.{i}" if i < len(layers) else "logit"
        shared = Linear(m, name + "/shared", n, width)
        specific = [Linear(m, f"{name}/scenario.{s}", n, width) for s in range(b.scenarios)]
        stars.append((shared, specific))
        n = width
    beside = Mlp(m, "auxiliary", b.table.shape[1] + b.x.shape[1], auxiliary, False)
    beside_logit = Linear(m, "auxiliary/logit", auxiliary[-1], 1)

    def centre(s, x):
        scale, shift, statistics = own[s]
        return statistics(x) * (shared_scale * scale) + (shared_shift + shift)

    def network(depth):
        def branch(s, h):
            for shared, specific in stars[depth]:
                h = h @ (shared.weight * specific[s].weight) + shared.bias + specific[s].bias
                h = torch.relu(h) if shared is not stars[-1][0] else h
            return h

        return branch

    def forward():
        hidden = b.by_scenario(b.by_scenario(b.x, centre), network(slice(0, -1)))
        logit = b.by_scenario(hidden, network(slice(-1, None)))
        seen = torch.stack([torch.cat([b.table[s], x]) for s, x in zip(b.scenario, b.x)])
        return hidden, (logit + beside_logit(beside(seen)))[:, 0]

    return forward


def aitm(m, b, bottom, tower, norm):
    chain = sorted(range(b.scenarios), key=lambda s: -b.training_rows[s])
    width, parts = bottom[-1], {}
    for place, s in enumerate(chain):
        name = f"scenario.{s}"
        parts[s] = {"bottom": Mlp(m, name + "/bottom", b.x.shape[1], bottom, norm)}
        if place > 0:
            name += f"/after.{chain[place - 1]}"
            parts[s]["transfer"] = Mlp(m, name + "/transfer", width, [width], False)
            for part in ("key", "query", "value"):
                parts[s][part] = Linear(m, f"{name}/attention/{part}", width, width)
    tower = towers(m, b, width, tower, norm)

    def attend(part, own, received):
        pair = [own, received]
        scores = torch.stack([(part["key"](v) * part["query"](v)).sum() / width**0.5 for v in pair])
        weights = torch.softmax(scores, 0)
        return weights[0] * part["value"](own) + weights[1] * part["value"](received)

    def forward():
        z, hidden = {}, {}
        for place, s in enumerate(chain):
            rows = [row for row in range(len(b.x)) if chain.index(b.scenario[row]) >= place]
            if not rows:
                continue
            for row, own in zip(rows, parts[s]["bottom"](b.x[rows])):
                if place > 0:
                    own = attend(parts[s], own, parts[s]["transfer"](z[row][None])[0])
                z[row] = own
                if b.scenario[row] == s:
                    hidden[row] = own
        hidden = torch.stack([hidden[row] for row in range(len(b.x))])
        return hidden, tower(hidden)

    return forward


def sar_net(m, b, shared, specific, width, tower, norm):
    n, own = b.x.shape[1], []
    for s in range(b.scenarios):
        name = f"scenario.{s}"
        scale, shift = m.parameter(name + "/scale", n, low=0.5, high=1.5), m.parameter(name + "/shift", n)
        experts = Linear(m, name + "/experts", n, specific * width)
        own.append((scale, shift, experts, Norm(m, name + "/experts/norm", n) if norm else lambda x: x))
    common = Linear(m, "experts", n, shared * width)
    common_norm = Norm(m, "experts/norm", n) if norm else lambda x: x
    gate = Linear(m, "gate.0", n, shared + specific)
    above = Mlp(m, "tower", width, tower, norm)
    logit = Linear(m, "logit", above.out, 1)

    def forward():
        x = torch.stack([row * own[s][0] + own[s][1] for s, row in zip(b.scenario, b.x)])
        all_shared = common(common_norm(x)).split(width, 1)
        all_own = b.by_scenario(x, lambda s, rows: own[s][2](own[s][3](rows))).split(width, 1)
        hidden = mix(gate(x), [*all_shared, *all_own])
        return hidden, logit(above(hidden))[:, 0]

    return forward


def leaky(x):
    return torch.where(x > 0, x, 0.01 * x)


def m2m(m, b, experts, d, layers, output, norm):
    group = FusedExperts(m, "experts", b.x.shape[1], experts, [d], norm, leaky)
    knowledge = Mlp(m, "knowledge", b.table.shape[1], [d], False, leaky)
    task = m.parameter("task", d)
    attention = Linear(m, "attention/weight", d, 4 * d * d), Linear(m, "attention/bias", d, 2 * d)
    vector = m.parameter("attention/vector", 2 * d, 1)
    tower = [
        (Linear(m, f"tower.{i}/weight", d, d * d), Linear(m, f"tower.{i}/bias", d, d)) for i in range(layers)
    ]
    above = Mlp(m, "output", d, output, norm, leaky)
    logit = Linear(m, "logit", above.out, 1)

    def meta(unit, known, h):
        return h @ unit[0](known).reshape(len(h), -1) + unit[1](known)

    def forward():
        outputs = group(b.x)
        hidden, top = [], []
        for row, s in enumerate(b.scenario):
            known = knowledge(b.table[s][None])[0]
            scores = [
                leaky(meta(attention, known, torch.cat([outputs[e][row], task]))) @ vector[:, 0] for e in range(experts)
            ]
            weights = torch.softmax(torch.stack(scores), 0)
            h = sum(w * output[row] for w, output in zip(weights, outputs))
            hidden.append(h)
            for unit in tower:
                h = leaky(meta(unit, known, h) + h)
            top.append(h)
        return torch.stack(hidden), logit(above(torch.stack(top)))[:, 0]

    return forward


def ada_sparse(m, b, layers, form, norm, temperature=1.3, step=0.4, threshold=0.3):
    n, parts = b.x.shape[1], []
    at = m.buffer("temperature", torch.tensor([temperature]))
    for i, width in enumerate([*layers, 1]):
        name = f"layer.{i}" if i < len(layers) else "logit"
        pruner = Linear(m, name + "/pruner", b.table.shape[1] + n, n)
        if i < len(layers):
            parts.append((pruner, Mlp(m, name, n, [width], norm)))
        else:
            parts.append((pruner, Linear(m, name, n, 1)))
        n = width

    def forward():
        h, penalty, t = b.x, 0, m.running[at]
        for i, (pruner, layer) in enumerate(parts):
            v = torch.stack([pruner(torch.cat([b.table[s], row])) for s, row in zip(b.scenario, h)])
            weights = torch.sigmoid(v if form == "scaling" else t * v)
            if form != "scaling":
                weights = torch.where(weights > threshold, weights, torch.zeros(()))
            sparsity = 1 - weights.mean()
            penalty = penalty + (sparsity - torch.clamp(sparsity, 0.15, 0.25)) ** 2
            h = h * weights * (1 if form == "binary" else 2)
            hidden, h = h, layer(h)
        m.loss = 0.1 * penalty / len(parts)
        if m.train:
            m.running[at] = torch.clamp(t + step, max=1.6)
        return hidden, h[:, 0]

    return forward


def adapt_dhm(m, b, clusters, layers):
    n, made = b.x.shape[1], []
    centres = m.buffer("centres", torch.tensor(m.rng.standard_normal((clusters, n)).astype(np.float32).astype(np.float64)))
    for i, width in enumerate([*layers, 1]):
        name = f"layer.{i}" if i < len(layers) else "logit"
        made.append((Linear(m, name + "/shared", n, width), [Linear(m, f"{name}/cluster.{c}", n, width) for c in range(clusters)]))
        n = width

    def unit(v):
        return v / torch.sqrt((v * v).sum() + 1e-12)

    def forward():
        x = [unit(row.detach()) for row in b.x]
        centre = [unit(c) for c in m.running[centres]]
        if m.train:
            for _ in range(3):
                shares = [torch.softmax(torch.stack([row @ c for c in centre]) / 0.1, 0) for row in x]
                pulls = [unit(sum(share[c] * row for share, row in zip(shares, x))) for c in range(clusters)]
                centre = [unit(0.9 * c + 0.1 * pull) for c, pull in zip(centre, pulls)]
            m.running[centres] = torch.stack(centre)
        hidden, logits, used = [], [], set()
        for row, h in zip(x, b.x):
            c = max(range(clusters), key=lambda c: float(row @ centre[c]))
            used.add(c)
            for shared, own in made[:-1]:
                h = torch.relu(h @ (shared.weight * own[c].weight) + shared.bias + own[c].bias)
            hidden.append(h)
            shared, own = made[-1]
            logits.append((h @ (shared.weight * own[c].weight) + shared.bias + own[c].bias)[0])
        assert not m.train or len(used) > 1, "all rows in one cluster: take another seed"
        return torch.stack(hidden), torch.stack(logits)

    return forward


def pp_net(m, b, layers, priors, norm):
    n, seen, made = b.x.shape[1], b.x.shape[1] + len(priors) * b.field_width, []
    for i, width in enumerate(layers):
        tower = [Mlp(m, f"layer.{i}/scenario.{s}", n, [width], norm) for s in range(b.scenarios)]
        gate = Linear(m, f"layer.{i}/gate/shared", seen, width)
        gates = [Linear(m, f"layer.{i}/gate/scenario.{s}", width, width) for s in range(b.scenarios)]
        made.append((tower, gate, gates))
        n = width
    tower = towers(m, b, n, [], norm)

    def forward():
        w = b.field_width
        seen = torch.cat([*[b.x[:, f * w : (f + 1) * w] for f in priors], b.x.detach()], 1)
        hidden = b.x
        for layer, gate, gates in made:
            h = b.by_scenario(hidden, lambda s, rows: layer[s](rows))
            hidden = torch.stack(
                [
                    h[row] * 2 * torch.sigmoid(gates[s](torch.relu(gate(seen[row]))))
                    for row, s in enumerate(b.scenario)
                ]
            )
        return hidden, tower(hidden)

    return forward


def hamur(m, b, layers, adapters, bottleneck, k, hyper, norm):
    n, made = b.x.shape[1], []
    below = Mlp(m, "hyper", n, hyper, norm)
    # Wide spreads: an adapter that changes rows alike has a variance near epsilon, which hides float32.
    matrix = Linear(m, "hyper/matrix", below.out, k * k, spread=2)
    for i, width in enumerate(layers):
        networks = [Mlp(m, f"layer.{i}/scenario.{s}", n, [width], norm) for s in range(b.scenarios)]
        adapter = None
        if i >= len(layers) - adapters:
            at = f"layer.{i}/adapter"
            u1, v1 = m.parameter(at + "/down/left", width, k, low=-2, high=2), Linear(m, at + "/down/right", k, bottleneck)
            u2, v2 = m.parameter(at + "/up/left", bottleneck, k, low=-2, high=2), Linear(m, at + "/up/right", k, width)
            adapter = u1, v1, u2, v2, [Norm(m, f"{at}/norm.{s}", width) for s in range(b.scenarios)]
        made.append((networks, adapter))
        n = width
    tower = towers(m, b, n, [], norm)

    def forward():
        generated = matrix(below(b.x)).reshape(-1, k, k)
        h = b.x
        for networks, adapter in made:
            h = b.by_scenario(h, lambda s, rows: networks[s](rows))
            if adapter:
                u1, v1, u2, v2, norms = adapter
                change = []
                for row, value in enumerate(h):
                    inner = torch.sigmoid(value @ (u1 @ generated[row] @ v1.weight) + v1.bias)
                    change.append(inner @ (u2 @ generated[row] @ v2.weight) + v2.bias)
                h = h + b.by_scenario(torch.stack(change), lambda s, rows: norms[s](rows))
        return h, tower(h)

    return forward


class RowNorm:
    """Linear layers, each followed by normalisation of a row over its columns and relu."""

    def __init__(self, m, name, n, widths):
        self.layers, self.out = [], n
        for i, width in enumerate(widths):
            at = f"{name}/layer.{i}"
            linear = Linear(m, at, self.out, width)
            scale, shift = m.parameter(at + "/norm/scale", width, low=0.5, high=1.5), m.parameter(at + "/norm/shift", width)
            self.layers.append((linear, scale, shift))
            self.out = width

    def __call__(self, x):
        for linear, scale, shift in self.layers:
            x = torch.relu(torch.nn.functional.layer_norm(linear(x), scale.shape, scale, shift, 1e-5))
        return x


def m3oe(m, b, star_width, width, experts, expert, tower):
    n, count = b.x.shape[1], b.scenarios
    shared_star = Linear(m, "star/shared", n, star_width)
    own_star = [Linear(m, f"star/scenario.{s}", n, star_width) for s in range(count)]
    above, skip = RowNorm(m, "above-star", star_width, [width]), RowNorm(m, "skip", n, [width])
    common = [RowNorm(m, f"shared.{e}", width, expert) for e in range(experts)]
    specific = [RowNorm(m, f"specific.{s}", width, expert) for s in range(count)]
    gates = [Linear(m, f"gate.{s}", width, experts) for s in range(count)]
    tops = [RowNorm(m, f"tower.{s}", expert[-1], tower) for s in range(count)]
    logits = [Linear(m, f"tower.{s}/logit", tops[0].out, 1) for s in range(count)]
    p, q = m.parameter("specific-share", 1), m.parameter("own-share", 1)

    def forward():
        hidden, logit = [], []
        for s, x in zip(b.scenario, b.x):
            e = x @ (shared_star.weight * own_star[s].weight) + shared_star.bias + own_star[s].bias
            e = above(e) + skip(x)
            weights = torch.softmax(gates[s](e.detach()), 0)
            h = sum(w * network(e) for w, network in zip(weights, common))
            for j in range(count):
                balance = torch.sigmoid(q) if j == s else (1 - torch.sigmoid(q)) / (count - 1)
                h = h + torch.sigmoid(p) * balance * specific[j](e)
            hidden.append(h)
            logit.append(logits[s](tops[s](h))[0])
        return torch.stack(hidden), torch.stack(logit)

    return forward


def hi_net(m, b, shared, specific, expert, norm):
    n, count = b.x.shape[1], b.scenarios

    def group(name, experts):
        networks, gate = FusedExperts(m, name, n, experts, expert, norm), Linear(m, name + "/gate.0", n, experts)
        return lambda x: mix(gate(x), networks(x))

    common = group("shared", shared)
    own = [group(f"specific.{s}", specific) for s in range(count)]
    attention = Linear(m, "attention", b.table.shape[1], count)
    tower = towers(m, b, 3 * expert[-1], [3], norm)

    def forward():
        everybody, each, hidden = common(b.x), [network(b.x) for network in own], []
        for row, s in enumerate(b.scenario):
            others = [j for j in range(count) if j != s]
            weights = torch.softmax(attention(b.table[s])[others], 0)
            transferred = sum(w * each[j][row] for w, j in zip(weights, others))
            hidden.append(torch.cat([everybody[row], each[s][row], transferred]))
        return torch.stack(hidden), tower(torch.stack(hidden))

    return forward


def skewed():
    # Scenario 2 has no rows, scenario 3 one; the largest in training is not the first.
    return Batch(11, [13, 7, 0, 1, 4], [40, 90, 10, 20, 30], fields=3, width=2)


CASES = {
    "omoe": lambda m, b: omoe(m, b, 3, [4], False, False),
    "omoe-norm": lambda m, b: omoe(m, b, 2, [5, 4], True, True),
    "ple": lambda m, b: ple(m, b, 1, 2, 1, [4, 3], False),
    "ple-norm": lambda m, b: ple(m, b, 1, 2, 2, [4], True),
    "ple-levels": lambda m, b: ple(m, b, 3, 1, 2, [3], False),
    "ple-levels-norm": lambda m, b: ple(m, b, 2, 2, 1, [4, 3], True),
    "star": lambda m, b: star(m, b, [5, 4], [3]),
    "aitm": lambda m, b: aitm(m, b, [5, 4], [3], False),
    "aitm-norm": lambda m, b: aitm(m, b, [4], [], True),
    "sar-net": lambda m, b: sar_net(m, b, 2, 1, 3, [3], False),
    "sar-net-norm": lambda m, b: sar_net(m, b, 2, 2, 3, [4, 3], True),
    "m2m": lambda m, b: m2m(m, b, 3, 3, 2, [4], False),
    "m2m-norm": lambda m, b: m2m(m, b, 2, 3, 1, [4, 3], True),
    "adasparse-binary": lambda m, b: ada_sparse(m, b, [5, 4], "binary", False),
    "adasparse-scaling": lambda m, b: ada_sparse(m, b, [4], "scaling", False),
    "adasparse-fusion": lambda m, b: ada_sparse(m, b, [5, 4], "fusion", True),
    "adaptdhm": lambda m, b: adapt_dhm(m, b, 3, [5, 4]),
    "ppnet": lambda m, b: pp_net(m, b, [4, 3], [0], False),
    "ppnet-norm": lambda m, b: pp_net(m, b, [5, 4], [2, 0], True),
    "hamur": lambda m, b: hamur(m, b, [4, 3], 1, 3, 3, [4], False),
    "hamur-norm": lambda m, b: hamur(m, b, [4, 3], 2, 2, 3, [3], True),
    "m3oe": lambda m, b: m3oe(m, b, 5, 4, 2, [3], [3]),
    "hinet": lambda m, b: hi_net(m, b, 2, 2, [4, 3], False),
    "hinet-norm": lambda m, b: hi_net(m, b, 3, 1, [3], True),
}


def case(name):
    batch = skewed()
    model = Model(zlib.crc32(name.encode()))
    forward = CASES[name](model, batch)
    before = {key: value.clone() for key, value in model.running.items()}
    hidden, logits = forward()
    for term in torch.nn.functional.binary_cross_entropy_with_logits(logits, batch.label, reduction="none").split(1):
        assert term.item() < 20, "a loss so large hides the gradients of others: take another seed"
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, batch.label, reduction="sum")
    (cross_entropy + model.loss).backward()
    after = {key: value.clone() for key, value in model.running.items()}
    model.train = False
    with torch.no_grad():
        inference = forward()[1]

    def flat(array):
        return array.detach().ravel().tolist()

    def gradient(array):
        return flat(torch.zeros_like(array) if array.grad is None else array.grad)

    return {
        "scenarios": batch.scenarios,
        "trainingRows": batch.training_rows,
        "scenario": batch.scenario.tolist(),
        "user": [0] * len(batch.scenario),
        "fieldWidth": batch.field_width,
        "flat": batch.x.tolist(),
        "scenarioTable": batch.table.tolist(),
        "userKnowledge": [[0]],
        "scenarioKnowledge": [[0]] * batch.scenarios,
        "factor": flat(torch.sigmoid(logits) - batch.label),
        "parameters": {key: flat(value) for key, value in model.parameters.items()},
        "logits": flat(logits),
        "hidden": flat(hidden),
        "gradients": {key: gradient(value) for key, value in model.parameters.items()},
        "inputGradient": gradient(batch.x),
        "buffersBefore": {key: flat(value) for key, value in before.items()},
        "buffersAfter": {key: flat(value) for key, value in after.items()},
        "inferenceAfter": flat(inference),
    }


def rounded(value):
    """Nine digits: more than a float32 has."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def main():
    for name in sys.argv[1:] or CASES:
        (OUT / (name + ".json")).write_text(json.dumps(rounded(case(name))) + "\n")


if __name__ == "__main__":
    main()
