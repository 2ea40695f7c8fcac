"""Scores the rows of a CSV file with a model that `llm4msr export onnx` wrote.

pip install onnxruntime numpy
python score.py FOLDER rows.csv scores.csv

FOLDER has full.onnx and encoder.json. rows.csv has a header, the columns user, item and scenario, and one for each
field of the model. Lists and vectors are texts with | between their elements; an empty text is a missing value. The
weights of a list are in a column of its name and .weights, if there is one. What a user did before a row is in the
column sequence.NAME, newest first: the values of the sequence's field.
scores.csv gets a row with the column probability for each of them.
"""

import collections
import csv
import hashlib
import json
import pathlib
import sys

import numpy as np
import onnxruntime


def elements(text):
    return text.split("|") if text else []


def id_of(field, text):
    """Returns the id of a value; 0 for one that is unknown. An empty element of a list is a value."""
    if "bounds" in field:
        number = float(text)
        return 1 + sum(bound < number for bound in field["bounds"]) if np.isfinite(number) else 0
    if "buckets" in field:
        digits = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15]
        return 1 + int(digits, 16) % field["buckets"]
    return field["ids"].get(text, 0)


def name_of(field, number):
    """Returns the text of an id in the value of a cross."""
    if number == 0:
        return "\\-"
    if "ids" not in field:
        return f"bucket {number} of {field['buckets']}"
    names = {number: text for text, number in field["ids"].items()}
    return names[number].replace("\\", "\\\\").replace("&", "\\&")


def cross(field, parts, ids):
    """Returns the ids of a crossed field from those of its parts."""
    texts = [" & ".join(map(name_of, parts, row)) if any(row) else "" for row in zip(*ids)]
    return np.array([id_of(field, text) if text else 0 for text in texts], np.int64)


def encode_weighted(field, texts, weights):
    """Returns the inputs of a field of lists with weights: the ids, and the weight of each."""
    lists = []
    for text, numbers in zip(texts, weights):
        values = text.split("|") if text else []
        numbers = [float(one or 1) for one in numbers.split("|")] if numbers else [1.0] * len(values)
        pairs = [(id_of(field, one), number) for one, number in zip(values, numbers, strict=True)]
        lists.append([(one, number) for one, number in pairs if one > 0 and number > 0] or [(0, 1.0)])
    longest = max(map(len, lists))
    lists = [pairs + [(-1, 0.0)] * (longest - len(pairs)) for pairs in lists]
    ids = [[one for one, _ in pairs] for pairs in lists]
    return np.array(ids, np.int64), np.array([[number for _, number in pairs] for pairs in lists], np.float32)


def encode(field, texts):
    """Returns the input of a field for some rows."""
    kind = field["kind"]
    if kind in ("categorical", "bucketed", "hashed"):
        return np.array([id_of(field, text) if text else 0 for text in texts], np.int64)
    if kind in ("multi-categorical", "multi-hashed"):
        lists = [[id_of(field, one) for one in elements(text)] for text in texts]
        lists = [[one for one in ids if one > 0] or [0] for ids in lists]
        longest = max(map(len, lists))
        return np.array([ids + [-1] * (longest - len(ids)) for ids in lists], np.int64)
    if kind == "numeric":
        return np.array([float(text or "nan") for text in texts])
    missing = ["nan"] * len(field["mean"])
    return np.array([[float(one or "nan") for one in elements(text) or missing] for text in texts])


def sequence(of, fields, rows):
    """Returns the input of a sequence for some rows; give no events of items that training did not have."""
    field = fields[of["field"]]
    column = fields[of["of"]]["column"] if "of" in of else of["input"]
    lists = []
    for row in rows:
        ids = [id_of(field, one) if one or "of" in of else 0 for one in elements(row[column])]
        if "of" in of:
            ids = [one for one in (reversed(ids) if of["newest"] == "last" else ids) if one > 0]
        ids = ids[: of["length"]]
        lists.append(ids + [-1] * (of["length"] - len(ids)))
    return np.array(lists, np.int64)


def indices(keys, texts):
    """Returns the numbers of users or items."""
    return np.array([keys["index"].get(text, keys["unknown"]) for text in texts], np.int64)


def inputs(encoder, rows):
    """Returns the inputs of full.onnx for rows of one user and one scenario."""

    def column(name):
        return [row[name] for row in rows]

    given = {"scenario": np.array([encoder["scenarios"][rows[0]["scenario"]]], np.int64)}
    fields = {field["name"]: field for field in encoder["fields"]}
    for field in fields.values():
        if "parts" in field:
            parts = [fields[part] for part in field["parts"]]
            given[field["input"]] = cross(field, parts, [given[part["input"]].tolist() for part in parts])
        elif "weights" in field:
            weights = [row.get(field["column"] + ".weights", "") for row in rows]
            ids, numbers = encode_weighted(field, column(field["column"]), weights)
            given[field["input"]], given[field["weights"]] = ids, numbers
        else:
            given[field["input"]] = encode(field, column(field["column"]))
    for of in encoder.get("sequences", []):
        given[of["input"]] = sequence(of, fields, rows)
    if "users" in encoder:
        given[encoder["users"]["input"]] = indices(encoder["users"], column(encoder["users"]["column"])[:1])
    if "items" in encoder:
        given[encoder["items"]["input"]] = indices(encoder["items"], column(encoder["items"]["column"]))
    return given


def columns(encoder):
    """Returns the columns that rows need."""
    fields = [field for field in encoder["fields"] if "parts" not in field]
    past = [of["input"] for of in encoder.get("sequences", []) if "of" not in of]
    keys = [encoder[keys]["column"] for keys in ("users", "items") if keys in encoder]
    return ["user", "scenario"] + keys + [field["column"] for field in fields] + past


def main(folder, rows_file, scores_file):
    folder = pathlib.Path(folder)
    encoder = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    if "leftOut" in encoder:
        sys.exit(encoder["leftOut"])
    if any(given["name"] == "history" for given in encoder["graphs"]["full.onnx"]):
        sys.exit("The model reads what its users did before, which this script does not compute.")
    with open(rows_file, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    missing = [column for column in dict.fromkeys(columns(encoder)) if column not in (reader.fieldnames or [])]
    if missing:
        sys.exit(
            f"{rows_file} has no column {', '.join(missing)}. The graph reads each field of the model from the rows;"
            " add them, or use `llm4msr score`, which takes those of users and items from the bundle."
        )
    requests = collections.defaultdict(list)
    for number, row in enumerate(rows):
        requests[row["scenario"], row["user"]].append(number)
    session = onnxruntime.InferenceSession(folder / "full.onnx", providers=["CPUExecutionProvider"])
    scores = np.empty(len(rows), np.float32)
    for numbers in requests.values():
        (scores[numbers],) = session.run(["probability"], inputs(encoder, [rows[one] for one in numbers]))
    with open(scores_file, "w", encoding="utf-8") as file:
        file.write("probability\n")
        file.writelines(f"{score}\n" for score in scores)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
