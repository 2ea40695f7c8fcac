"""Writes the files of src/test/resources/.../vectors with NumPy, pandas and pyarrow: python make_vector_fixtures.py OUT"""

import json
import pathlib
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
keys = ["7", "007", "ann", "用户", "u 5", 'a"b,c']
vectors = np.random.default_rng(20261125).normal(size=(len(keys), 5)).astype(np.float32)
halves = vectors.astype(np.float16).astype(np.float32)
scenarios = {"feed": [1.0, 0.5, -2.0, 0.25, 4.0], "search": [0.0, 1.0, 2.0, 3.0, -0.125]}

(out / "expected.json").write_text(
    json.dumps(
        {
            "float32": dict(zip(keys, vectors.tolist())),
            "float16": dict(zip(keys, halves.tolist())),
            "mean": vectors.astype(np.float64).mean(0).tolist(),
            "scenarios": scenarios,
        },
        ensure_ascii=False,
    ),
    encoding="utf-8",
)

lists = pa.array(vectors.tolist(), pa.list_(pa.float32()))
fixed = pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), 5)
table = pa.table({"user": keys, "state": lists})
pa.parquet.write_table(table, out / "users.parquet")
pa.parquet.write_table(pa.table({"user": keys, "state": pa.array(vectors.tolist())}), out / "doubles.parquet")
with pa.ipc.new_file(out / "halves.arrow", pa.schema([("user", pa.utf8()), ("state", fixed.type)])) as writer:
    writer.write_table(pa.table({"user": keys, "state": fixed}))
halves16 = pa.array([list(v) for v in vectors.astype(np.float16)], pa.list_(pa.float16()))
pa.feather.write_feather(pa.table({"user": keys, "state": halves16}), out / "halves.feather", compression="uncompressed")
pa.feather.write_feather(table, out / "users.feather", compression="uncompressed")
pa.feather.write_feather(table, out / "compressed.feather", compression="lz4")

np.save(out / "users.npy", vectors)
np.save(out / "halves.npy", vectors.astype(np.float16))
np.save(out / "doubles.npy", vectors.astype(np.float64))
np.save(out / "columns.npy", np.asfortranarray(vectors))
np.save(out / "numbers.npy", np.arange(12).reshape(6, 2))
for name in ("users", "halves", "doubles", "columns", "numbers"):
    (out / f"{name}.keys.txt").write_text("\n".join(keys) + "\n", encoding="utf-8")

frame = pd.DataFrame({"user_id": keys, "hidden_state": [v.tolist() for v in vectors]})
frame.to_csv(out / "lists.csv")  # With pandas' index.
frame.to_csv(out / "lists.tsv", sep="\t", index=False)
printed = pd.DataFrame({"user_id": keys, "hidden_state": [np.array2string(v, precision=9) for v in vectors]})
printed.to_csv(out / "printed.csv.gz", index=False)
wide = pd.DataFrame(vectors, columns=[f"h{k}" for k in range(5)])
wide.insert(0, "user_id", keys)
wide.to_csv(out / "wide.csv", index=False, float_format="%.9g")
pd.DataFrame({"scenario": scenarios.keys(), "hidden_state": scenarios.values()}).to_csv(
    out / "scenarios.csv", index=False
)
