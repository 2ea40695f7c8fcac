"""Turns the prompts of an experiment into vectors for the encoder `precomputed`: TF-IDF, reduced by an SVD.

    llm4msr knowledge prompts experiment.yaml --out prompts.jsonl
    python tfidf.py prompts.jsonl vectors 64

writes users.npy and users.keys.txt, and the same for scenarios and items, into the folder vectors.
Needs NumPy and scikit-learn; prompts are read one by one.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer


def texts(file, prompts):
    """Yields the text of each prompt, and notes level and key."""
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            prompt = json.loads(line)
            prompts.append((prompt["level"], prompt["key"]))
            yield prompt["text"]


def main(file, folder, size):
    prompts = []
    words = TfidfVectorizer(sublinear_tf=True, dtype=np.float32).fit_transform(texts(file, prompts))
    size = min(size, *(n - 1 for n in words.shape))
    vectors = TruncatedSVD(size, random_state=0).fit_transform(words)
    levels = np.array([level for level, _ in prompts])
    folder.mkdir(parents=True, exist_ok=True)
    for level in sorted(set(levels)):
        rows = np.flatnonzero(levels == level)
        np.save(folder / f"{level}s.npy", vectors[rows])
        keys = "".join(prompts[row][1] + "\n" for row in rows)
        (folder / f"{level}s.keys.txt").write_text(keys, encoding="utf-8")
        print(f"{level}s: {len(rows)} vectors of {size} numbers")


main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
