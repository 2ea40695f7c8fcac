"""Makes the fixtures of RankingEvaluatorTest, ranking-*.csv and ranking-reference.json.

scikit-learn 1.9.1 (ndcg_score, roc_auc_score) and, for scores without ties, trec_eval's own code as
pytrec-eval-terrier 0.5.11 (ndcg_cut, recip_rank, success). Neither has the reciprocal rank or the hit
rate of tied scores: they are means over all orders of the ties, one after the other.
"""

import itertools
import json
import pathlib

import numpy as np
import pytrec_eval
from sklearn.metrics import ndcg_score, roc_auc_score

TARGET = pathlib.Path(__file__).parent.parent / "resources/org/llm4msr/runtime/evaluation"
SCENARIOS = ["feed", "search", "empty"]
CUTOFFS = [1, 3, 5]
GROUPS = 120

rng = np.random.default_rng(11)


def draw(tied):
    rows = []
    for group in range(1, GROUPS + 1):
        for _ in range(rng.integers(1, 11)):
            # A few groups have rows of both scenarios, a few rows have no group.
            scenario = group % 2 if rng.random() < 0.9 else 1 - group % 2
            score = np.float32(rng.integers(0, 5) / 4 if tied else rng.random())
            label = int(rng.random() < 0.05 + 0.2 * score)
            rows.append((scenario, group if rng.random() < 0.97 else 0, label, score))
    order = rng.permutation(len(rows))
    return [rows[i] for i in order]


def orders(rows):
    """All orders by falling score, those of ties included, as lists of labels."""
    blocks = [
        [row[2] for row in rows if row[3] == score]
        for score in sorted({row[3] for row in rows}, reverse=True)
    ]
    for choice in itertools.product(*(list(itertools.permutations(block)) for block in blocks)):
        yield [label for block in choice for label in block]


def over_orders(rows, metric):
    values = [metric(labels) for labels in orders(rows)]
    return sum(values) / len(values)


def of_group(rows):
    labels = [row[2] for row in rows]
    scores = [float(row[3]) for row in rows]
    one = len(rows) == 1  # scikit-learn refuses it; its only order is the best.
    values = {"mrr": over_orders(rows, lambda order: 1 / (order.index(1) + 1))}
    for k in CUTOFFS:
        values[f"ndcg@{k}"] = 1.0 if one else ndcg_score([labels], [scores], k=k)
        values[f"hr@{k}"] = over_orders(rows, lambda order: float(1 in order[:k]))
    if 0 in labels:
        values["auc"] = roc_auc_score(labels, scores)
    return values


def by_trec_eval(groups):
    names = {"recip_rank": "mrr"}
    for k in CUTOFFS:
        names |= {f"ndcg_cut_{k}": f"ndcg@{k}", f"success_{k}": f"hr@{k}"}
    cuts = ",".join(map(str, CUTOFFS))
    judged = {str(g): {f"d{i}": row[2] for i, row in enumerate(rows)} for g, rows in groups.items()}
    run = {str(g): {f"d{i}": float(row[3]) for i, row in enumerate(rows)} for g, rows in groups.items()}
    measures = {"recip_rank", "ndcg_cut." + cuts, "success." + cuts}
    found = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate(run)
    return {names[m]: float(np.mean([of[m] for of in found.values()])) for m in names}


def metrics(rows, tied):
    groups = {}
    for row in rows:
        if row[1] > 0:
            groups.setdefault(row[1], []).append(row)
    groups = {g: own for g, own in groups.items() if any(row[2] for row in own)}
    values = [of_group(own) for own in groups.values()]
    mixed = [value["auc"] for value in values if "auc" in value]
    result = {"groups": len(groups), "mixedGroups": len(mixed)}
    if groups:
        keys = [key for key in values[0] if key != "auc"]
        result |= {key: float(np.mean([value[key] for value in values])) for key in keys}
        result["auc"] = float(np.mean(mixed))
        if not tied:
            result["trec_eval"] = by_trec_eval(groups)
    return result


reference = {}
for name, tied in (("tied", True), ("distinct", False)):
    rows = draw(tied)
    with open(TARGET / f"ranking-{name}.csv", "w") as out:
        out.write("scenario,group,label,probability\n")
        for row in rows:
            out.write("%d,%d,%d,%s\n" % row)
    reference[name] = {
        "overall": metrics(rows, tied),
        "scenarios": {
            scenario: metrics([row for row in rows if row[0] == s], tied)
            for s, scenario in enumerate(SCENARIOS)
        },
    }
with open(TARGET / "ranking-reference.json", "w") as out:
    json.dump(reference, out, indent=2)
    out.write("\n")
