"""Writes prepared data with pyarrow, to prove that another Arrow writer's files are accepted.

Run in this folder with pyarrow 16 or newer: python make_fixture.py
Row i of n holds values that ForeignArrowTest computes again.
"""

import json

import pyarrow as pa
from pyarrow import ipc

ROWS = {"train": 1000, "validation": 10, "test": 0}
USERS, ITEMS = 50, 30


def table(n, offset):
    rows = [i + offset for i in range(n)]
    lists = [[1 + (i + k) % 4 for k in range(i % 3)] for i in rows]
    return pa.table(
        {
            "price": pa.array([(i % 8) / 4 - 1 for i in rows], pa.float64()),
            "user_index": pa.array([i * 7 % USERS for i in rows], pa.int64()),
            "item_index": pa.array([i * 11 % ITEMS for i in rows], pa.int32()),
            "scenario_rank": pa.array([i % 2 for i in rows], pa.int32()),
            "label": pa.array([int(i % 3 == 0) for i in rows], pa.uint8()),
            "time": pa.array([None if i % 5 == 0 else 1000 + i for i in rows], pa.timestamp("ms")),
            "tags": pa.array(lists, pa.large_list(pa.int32())),
            "genres": pa.array(lists, pa.list_(pa.int64())),
            "comment": pa.array(["text %d" % i for i in rows], pa.string()),
            "user": pa.array([i % 6 for i in rows], pa.int64()),
        }
    )


def write(name, data, chunk, options=None):
    with ipc.new_file(name, data.schema, options=options) as writer:
        writer.write_table(data, max_chunksize=chunk)


write("train.arrow", table(1000, 0), 300)
write("validation.arrow", table(1010, 0).slice(1000), 1000)
write("test.arrow", table(0, 0), 1000)
users = pa.table(
    {
        "key": pa.array(["user-%d" % i for i in range(USERS)], pa.large_string()),
        "training_rows": pa.array([i % 2 for i in range(USERS)], pa.int64()),
    }
)
write("users.arrow", users, 20)


def field(name, kind, size):
    return {
        "name": name,
        "role": "CONTEXT",
        "kind": kind,
        "vocabularySize": size,
        "mean": 0.0,
        "deviation": 1.0 if kind == "numeric" else 0.0,
    }


manifest = {
    "formatVersion": 1,
    "name": "pyarrow",
    "key": "",
    "fields": [
        field("user", "categorical", 6),
        field("tags", "multi-categorical", 5),
        field("genres", "multi-categorical", 5),
        field("price", "numeric", 0),
    ],
    "scenarios": [
        {"key": k, "name": k, "description": "", "rows": {"train": 500, "validation": 5, "test": 0}}
        for k in "ab"
    ],
    "users": USERS,
    "trainingUsers": 25,
    "items": ITEMS,
    "splitRule": "as written",
    "rows": ROWS,
    "time": True,
    "minFrequency": 1,
    "labelRule": "every third",
    "sources": [],
    "files": {},
}
with open("dataset.json", "w") as out:
    json.dump(manifest, out, indent=1)

small = pa.table({"a": pa.array([1, 2, 3], pa.int32()), "b": pa.array([1, None, 3], pa.int32())})
write("nulls.arrow", small, 10)
write("compressed.arrow", small, 10, ipc.IpcWriteOptions(compression="zstd"))
coded = pa.table({"a": pa.array(["x", "y"]).dictionary_encode(), "b": pa.array([5, 6], pa.int32())})
write("dictionary.arrow", coded, 10)
with ipc.new_stream("stream.arrow", small.schema) as stream:
    stream.write_table(small)
