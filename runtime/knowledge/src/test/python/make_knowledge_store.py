"""Writes a knowledge store with another Arrow implementation: what someone's own tool would do.

pip install pyarrow numpy
python make_knowledge_store.py ../resources/org/llm4msr/runtime/knowledge/pyarrow-store
"""
import hashlib, json, pathlib, sys

import numpy as np
import pyarrow as pa

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
info = {
    "formatVersion": 1,
    "identity": "made by pyarrow",
    "encoder": {"model": "m", "revision": "r", "checksum": "c", "state": "s", "dimension": 4, "maxTokens": 100},
    "template": "t",
    "precision": "FLOAT16",
    "source": "data",
    "minInteractions": 1,
    "complete": True,
    "scenarios": 1,
    "users": 5,
}
(folder / "store.json").write_text(json.dumps(info, indent=2))


def batch(schema, keys, vectors, texts):
    values = np.array(vectors, np.float16)
    columns = [
        pa.array(keys, pa.utf8()),
        pa.array([hashlib.sha256(k.encode()).digest() for k in keys], pa.binary(32)),
        pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), type=schema.field("vector").type),
        pa.array(texts, pa.utf8()),
        pa.array([7] * len(keys), pa.int32()),
        pa.array([2] * len(keys), pa.int32()),
    ]
    return pa.record_batch(columns, schema=schema)


def segment(name, *batches):
    schema = pa.schema(
        [
            pa.field("key", pa.utf8(), nullable=False),
            pa.field("prompt_hash", pa.binary(32), nullable=False),
            pa.field("vector", pa.list_(pa.field("item", pa.float16(), nullable=False), 4), nullable=False),
            pa.field("text", pa.utf8()),
            pa.field("tokens", pa.int32(), nullable=False),
            pa.field("dropped_history", pa.int32(), nullable=False),
        ],
        metadata={"llm4msr.knowledge.identity": info["identity"]},
    )
    with pa.ipc.new_file(str(folder / name), schema) as writer:
        for rows in batches:
            writer.write_batch(batch(schema, *rows))


segment("scenarios-00001.arrow", (["1"], [[1, 0, 0, 0]], ["a text"]))
segment(
    "users-00001.arrow",
    (["u1", "u2", "u3"], [[1 / 3, -2.5, 65504, 6e-8], [0, -0.0, 0.1, 1e-5], [9, 9, 9, 9]], [None] * 3),
    (["用户4"], [[1, 2, 3, 4]], ["说"]),
)
segment("users-00002.arrow", (["u5", "u3"], [[0.5, 0.25, 0.125, 2049], [3, 0, 0, 4]], [None] * 2))
