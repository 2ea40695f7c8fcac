"""Writes the fixtures of the model tests: float64 logits and gradients by an implementation of its
own. Forward passes are written from the formulas, gradients are central finite differences of
sum(factor * logit), so that no line is shared with the models under test.

usage: python make_model_fixtures.py   (needs numpy; writes into the test resources of the modules)
"""

import json
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[4]
EPSILON = 1e-5


def relu(x):
    return np.maximum(x, 0)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Norm:
    """Batch normalisation over the rows given, with running statistics as in torch."""

    def __init__(self, p, state, name, train):
        self.p, self.state, self.name, self.train = p, state, name, train

    def __call__(self, x):
        mean_name, var_name = self.name + "/running-mean", self.name + "/running-variance"
        if self.train and len(x) >= 2:
            mean, var = x.mean(axis=0), x.var(axis=0)
            if self.state is not None and "updates" in self.state:
                n = len(x)
                shape = self.state[mean_name].shape
                self.state["updates"][mean_name] = 0.9 * self.state[mean_name] + 0.1 * mean.reshape(shape)
                self.state["updates"][var_name] = 0.9 * self.state[var_name] + 0.1 * (var * n / (n - 1)).reshape(shape)
        else:
            mean, var = self.state[mean_name].reshape(-1), self.state[var_name].reshape(-1)
        normal = (x - mean) / np.sqrt(var + 1e-5)
        return normal * self.p[self.name + "/scale"].reshape(-1) + self.p[self.name + "/shift"].reshape(-1)


class Model:
    def __init__(self, rng):
        self.rng, self.p, self.state = rng, {}, {}

    def parameter(self, name, shape, spread=0.7):
        self.p[name] = self.rng.uniform(-spread, spread, shape).astype(np.float32).astype(np.float64)

    def linear(self, name, n, m):
        self.parameter(name + "/weight", (n, m))
        self.parameter(name + "/bias", (m,))

    def norm(self, name, shape):
        self.p[name + "/scale"] = self.rng.uniform(0.5, 1.5, shape).astype(np.float32).astype(np.float64)
        self.parameter(name + "/shift", shape)
        self.state[name + "/running-mean"] = np.zeros(shape)
        self.state[name + "/running-variance"] = np.ones(shape)

    def towers(self, scenarios, width, tower, norm):
        for s in range(scenarios):
            self.linear(f"backbone/tower.{s}/layer.0", width, tower)
            if norm:
                self.norm(f"backbone/tower.{s}/layer.0/norm", (tower,))
            self.linear(f"backbone/tower.{s}/logit", tower, 1)


def towers(p, state, hidden, data, norm, train):
    logit = np.zeros(len(hidden))
    for s in sorted(set(data["scenario"])):
        rows = np.flatnonzero(data["scenario"] == s)
        name = f"backbone/tower.{s}/layer.0"
        h = hidden[rows] @ p[name + "/weight"] + p[name + "/bias"]
        if norm:
            h = Norm(p, state, name + "/norm", train)(h)
        h = relu(h)
        logit[rows] = (h @ p[f"backbone/tower.{s}/logit/weight"] + p[f"backbone/tower.{s}/logit/bias"])[:, 0]
    return logit


def shared_bottom(rng, data, norm):
    model = Model(rng)
    width, scenarios = data["flat"].shape[1], data["scenarios"]
    model.linear("backbone/bottom/layer.0", width, 5)
    if norm:
        model.norm("backbone/bottom/layer.0/norm", (5,))
    model.towers(scenarios, 5, 3, norm)

    def forward(p, state, x, train):
        h = x @ p["backbone/bottom/layer.0/weight"] + p["backbone/bottom/layer.0/bias"]
        if norm:
            h = Norm(p, state, "backbone/bottom/layer.0/norm", train)(h)
        return towers(p, state, relu(h), data, norm, train)

    return model, forward


def mmoe(rng, data, experts, widths, norm):
    model = Model(rng)
    width, scenarios = data["flat"].shape[1], data["scenarios"]
    model.linear("backbone/experts/layer.0", width, experts * widths[0])
    if norm:
        model.norm("backbone/experts/layer.0/norm", (experts * widths[0],))
        model.norm("backbone/gate-norm", (scenarios * experts,))
    for i in range(1, len(widths)):
        name = f"backbone/experts/layer.{i}"
        model.parameter(name + "/weight", (experts, widths[i - 1], widths[i]))
        model.parameter(name + "/bias", (experts, 1, widths[i]))
        if norm:
            model.norm(name + "/norm", (experts, 1, widths[i]))
    for s in range(scenarios):
        model.linear(f"backbone/gate.{s}", width, experts)
    model.towers(scenarios, widths[-1], 3, norm)

    def expert(p, state, x, e, train):
        columns = slice(e * widths[0], (e + 1) * widths[0])
        name = "backbone/experts/layer.0"
        h = x @ p[name + "/weight"][:, columns] + p[name + "/bias"][columns]
        if norm:
            mean, var = h.mean(axis=0), h.var(axis=0)
            if not train:
                mean = state[name + "/norm/running-mean"][columns]
                var = state[name + "/norm/running-variance"][columns]
            elif "updates" in state:
                for key, new in (("mean", mean), ("variance", var * len(h) / (len(h) - 1))):
                    full = name + "/norm/running-" + key
                    update = state["updates"].setdefault(full, state[full].copy())
                    update[columns] = 0.9 * state[full][columns] + 0.1 * new
            h = (h - mean) / np.sqrt(var + 1e-5)
            h = h * p[name + "/norm/scale"][columns] + p[name + "/norm/shift"][columns]
        h = relu(h)
        for i in range(1, len(widths)):
            name = f"backbone/experts/layer.{i}"
            h = h @ p[name + "/weight"][e] + p[name + "/bias"][e, 0]
            if norm:
                mean, var = h.mean(axis=0), h.var(axis=0)
                if not train:
                    mean = state[name + "/norm/running-mean"][e, 0]
                    var = state[name + "/norm/running-variance"][e, 0]
                elif "updates" in state:
                    for key, new in (("mean", mean), ("variance", var * len(h) / (len(h) - 1))):
                        full = name + "/norm/running-" + key
                        update = state["updates"].setdefault(full, state[full].copy())
                        update[e, 0] = 0.9 * state[full][e, 0] + 0.1 * new
                h = (h - mean) / np.sqrt(var + 1e-5)
                h = h * p[name + "/norm/scale"][e, 0] + p[name + "/norm/shift"][e, 0]
            h = relu(h)
        return h

    def forward(p, state, x, train):
        outputs = np.stack([expert(p, state, x, e, train) for e in range(experts)], axis=1)
        scores = np.concatenate(
            [x @ p[f"backbone/gate.{s}/weight"] + p[f"backbone/gate.{s}/bias"] for s in range(scenarios)], axis=1
        )
        if norm:
            scores = Norm(p, state, "backbone/gate-norm", train)(scores)
        hidden = np.zeros((len(x), widths[-1]))
        for row, s in enumerate(data["scenario"]):
            weights = softmax(scores[row, s * experts : (s + 1) * experts])
            hidden[row] = weights @ outputs[row]
        return towers(p, state, hidden, data, norm, train)

    return model, forward


def meta(model, level, knowledge, hidden, widths):
    inputs = knowledge
    if hidden:
        model.linear(f"meta/{level}/hidden", knowledge, hidden)
        inputs = hidden
    for i, (n, m) in enumerate(zip(widths[:-1], widths[1:])):
        name = f"meta/{level}/layer.{i}"
        model.parameter(name + "/weight", (inputs, n * m), 0.3)
        model.parameter(name + "/weight-base", (n * m,), 0.5)
        model.parameter(name + "/bias", (inputs, m), 0.3)
        model.parameter(name + "/bias-base", (m,), 0.3)


def generated_layers(p, level, knowledge, hidden, widths, row):
    """The generated layers of one row whose group has this knowledge."""
    k = knowledge
    if hidden:
        k = relu(k @ p[f"meta/{level}/hidden/weight"] + p[f"meta/{level}/hidden/bias"])
    h = row
    for i, (n, m) in enumerate(zip(widths[:-1], widths[1:])):
        name = f"meta/{level}/layer.{i}"
        weight = (k @ p[name + "/weight"] + p[name + "/weight-base"]).reshape(n, m)
        h = weight.T @ h + k @ p[name + "/bias"] + p[name + "/bias-base"]
        if i < len(widths) - 2:
            h = relu(h)
    return h


def small_backbone(model, data):
    """The backbone of the tests of heads: logit = tanh(x A + a) . b + c(scenario)."""
    width, scenarios = data["flat"].shape[1], data["scenarios"]
    model.linear("backbone/bottom", width, 4)
    model.linear("backbone/logit", 4, 1)
    model.parameter("backbone/scenario", (scenarios, 1))

    def forward(p, x):
        h = np.tanh(x @ p["backbone/bottom/weight"] + p["backbone/bottom/bias"])
        logit = h @ p["backbone/logit/weight"] + p["backbone/logit/bias"]
        return (logit + p["backbone/scenario"][data["scenario"]])[:, 0]

    return forward


def none(rng, data):
    model = Model(rng)
    backbone = small_backbone(model, data)
    return model, lambda p, state, x, train: backbone(p, x)


def hierarchical(rng, data, hidden, user, scenario, residual):
    model = Model(rng)
    width = data["flat"].shape[1]
    user, scenario = [width, *user, width], [width, *scenario, 1]
    backbone = small_backbone(model, data)
    meta(model, "user", data["userKnowledge"].shape[1], hidden, user)
    meta(model, "scenario", data["scenarioKnowledge"].shape[1], hidden, scenario)
    model.p["fusion/alpha"] = np.array([0.25])

    def forward(p, state, x, train):
        personal = np.stack(
            [
                generated_layers(p, "user", data["userKnowledge"][data["user"][r]], hidden, user, x[r])
                for r in range(len(x))
            ]
        )
        beside = np.array(
            [
                generated_layers(p, "scenario", data["scenarioKnowledge"][data["scenario"][r]], hidden, scenario, x[r])[0]
                for r in range(len(x))
            ]
        )
        h = backbone(p, personal + x if residual else personal)
        alpha = p["fusion/alpha"][0]
        return alpha * beside + (1 - alpha) * h

    return model, forward


def batch(rng, counts, users, fields=3, width=2, knowledge=3):
    """A batch in random order with these rows a scenario and a user."""
    scenario = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    user = rng.permutation(np.repeat(np.arange(len(users)), users))

    def normal(*shape):
        return rng.standard_normal(shape).astype(np.float32).astype(np.float64)

    return {
        "scenarios": len(counts),
        "scenario": scenario,
        "user": user,
        "fieldWidth": width,
        "flat": normal(len(scenario), fields * width),
        "userKnowledge": normal(len(users), knowledge),
        "scenarioKnowledge": normal(len(counts), knowledge),
        "factor": normal(len(scenario)),
    }


def gradient(loss, array):
    """Central differences, at two steps: a kink between them means another seed is needed."""
    result = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        estimates = []
        for step in (EPSILON, EPSILON / 4):
            array[index] = value + step
            above = loss()
            array[index] = value - step
            estimates.append((above - loss()) / (2 * step))
        array[index] = value
        assert abs(estimates[0] - estimates[1]) < 1e-7 * max(1, abs(estimates[0])), "kink: take another seed"
        result[index] = estimates[1]
    return result


def case(data, made):
    model, forward = made
    x = data["flat"].copy()
    state = {**model.state, "updates": {}}
    logits = forward(model.p, state, x, True)
    after = {**model.state, **state["updates"]}

    def loss():
        return float(data["factor"] @ forward(model.p, model.state, x, True))

    gradients = {name: gradient(loss, array) for name, array in model.p.items()}
    return {
        **{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in data.items()},
        "parameters": {name: array.ravel().tolist() for name, array in model.p.items()},
        "logits": logits.tolist(),
        "gradients": {name: array.ravel().tolist() for name, array in gradients.items()},
        "inputGradient": gradient(loss, x).ravel().tolist(),
        "buffersAfter": {name: array.ravel().tolist() for name, array in after.items()},
        "inferenceAfter": forward(model.p, after, x, False).tolist(),
    }


def write(module, name, content):
    path = ROOT / module / "src/test/resources/org/llm4msr/plugins" / module.split("-")[1] / (name + ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content) + "\n")


def main():
    rng = np.random.default_rng(2026)
    # Scenario 2 has no rows, scenario 3 one; user 0 takes more than one slot.
    data = batch(rng, [12, 11, 0, 1], [10, 1, 6, 4, 3])
    write("plugins-backbones", "shared-bottom", case(data, shared_bottom(rng, data, norm=False)))
    write("plugins-backbones", "shared-bottom-norm", case(data, shared_bottom(rng, data, norm=True)))
    write("plugins-backbones", "mmoe", case(data, mmoe(rng, data, 3, [4], norm=False)))
    write("plugins-backbones", "mmoe-norm", case(data, mmoe(rng, data, 2, [5, 4], norm=True)))
    write("plugins-fusion", "none", case(data, none(rng, data)))
    write("plugins-fusion", "hierarchical", case(data, hierarchical(rng, data, 0, [4], [3], False)))
    # So many rows that scenarios are taken one by one, and two generated layers between.
    large = batch(rng, [60, 40, 0], [70, 20, 9, 1], fields=2, width=3, knowledge=2)
    write("plugins-fusion", "hierarchical-residual", case(large, hierarchical(rng, large, 4, [3, 2], [2], True)))
    # So few rows a user that no matrix a user is worth writing.
    few = batch(rng, [5, 4, 0, 1], [2, 1, 3, 1, 1, 2])
    write("plugins-fusion", "hierarchical-few-rows", case(few, hierarchical(rng, few, 3, [4], [3], False)))


if __name__ == "__main__":
    main()
