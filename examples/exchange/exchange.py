"""Prepared data in Python: read from files or from `llm4msr data serve`, checked, and written back.

pip install pyarrow
python exchange.py copy work/prepared other/prepared                   from files
python exchange.py copy grpc://127.0.0.1:8815 other/prepared           from a server
python exchange.py rows grpc://127.0.0.1:8815 train SCENARIO           rows of one scenario, by batch

What is written has other widths, list types and batch sizes than what was read: all that the format allows.
"""

import json
import pathlib
import sys
import urllib.parse

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import flight, ipc

PARTS = ["train", "validation", "test"]


class Folder:
    """Prepared data in files."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def document(self, name):
        file = {"manifest": "dataset.json", "statistics": "statistics.json"}[name]
        return json.loads((self.path / file).read_text())

    def tables(self):
        files = self.path.glob("**/*.arrow")
        return [file.relative_to(self.path).with_suffix("").parts for file in files]

    def table(self, path):
        return ipc.open_file(str(self.path.joinpath(*path)) + ".arrow").read_all()


class Server:
    """Prepared data that another process serves."""

    def __init__(self, address):
        self.client = flight.connect(address)

    def document(self, name):
        return json.loads(next(self.client.do_action(name)).body.to_pybytes())

    def tables(self):
        """Tables that are files of prepared data: no rows of single scenarios, and no knowledge."""
        paths = [[part.decode() for part in one.descriptor.path] for one in self.client.list_flights()]
        return [path for path in paths if len(path) == 1 or path[0] == "vocabulary"]

    def batches(self, path, **options):
        command = json.dumps({"path": list(path), **options}).encode()
        info = self.client.get_flight_info(flight.FlightDescriptor.for_command(command))
        return self.client.do_get(info.endpoints[0].ticket)

    def table(self, path):
        return self.batches(path).read_all()


def check(source):
    """Counts rows and labels of each scenario, and compares them with the manifest."""
    manifest = source.document("manifest")
    for part in PARTS:
        rows = source.table([part])
        assert rows.num_rows == manifest["rows"][part], part
        for rank, scenario in enumerate(manifest["scenarios"]):
            mine = rows.filter(pc.equal(rows["scenario_rank"], rank))
            assert mine.num_rows == scenario["rows"][part], (part, scenario["key"])
            positive = pc.sum(mine["label"]).as_py() or 0
            print(f"{part:11} {scenario['key']:20} {mine.num_rows:10,} rows {int(positive):10,} positive")


def widened(kind):
    """Returns another type that the format allows for the same values."""
    if pa.types.is_int32(kind):
        return pa.int64()
    if pa.types.is_list(kind):
        return pa.large_list(widened(kind.value_type))
    if pa.types.is_string(kind):
        return pa.large_string()
    return kind


def write(table, file):
    schema = pa.schema([pa.field(one.name, widened(one.type)) for one in table.schema])
    file.parent.mkdir(parents=True, exist_ok=True)
    with ipc.new_file(str(file), schema) as writer:
        writer.write_table(table.cast(schema), max_chunksize=10_000)


def encoded(name):
    """Returns the name of the file for a field, as Java's URLEncoder writes it."""
    return urllib.parse.quote_plus(name, safe="*").replace("~", "%7E")


def copy(source, target):
    target = pathlib.Path(target)
    for path in source.tables():
        name = encoded(path[-1]) if isinstance(source, Server) else path[-1]
        write(source.table(path), target.joinpath(*path[:-1], name + ".arrow"))
    manifest = source.document("manifest") | {"files": {}}
    (target / "dataset.json").write_text(json.dumps(manifest, indent=1))
    (target / "statistics.json").write_text(json.dumps(source.document("statistics")))


def main(command, place, *rest):
    source = Server(place) if place.startswith("grpc") else Folder(place)
    if command == "copy":
        check(source)
        copy(source, rest[0])
        check(Folder(rest[0]))
    else:
        total = 0
        for chunk in source.batches(rest, batchRows=4096):
            total += chunk.data.num_rows
        print(f"{total:,} rows of {' / '.join(rest)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
