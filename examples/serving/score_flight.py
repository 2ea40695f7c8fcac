"""Scores the rows of a CSV or Parquet file over Arrow Flight: score_flight.py grpc://HOST:PORT ROWS [MODEL]

    pip install pyarrow

Rows are of any users and scenarios, and have the columns of `llm4msr score`. Prints a probability for each, in order.
"""

import os
import random
import sys
import time

import pyarrow
from pyarrow import csv, flight, parquet

ROWS = 1000  # Of a batch: a server takes limits.items (10,000) at once, and each batch has its own deadline.
TRIES = 5  # Of one batch, while the server is busy.


def score(client, model, rows, options):
    """Yields the probabilities of each batch. One batch is under way at a time, so neither side fills up."""
    descriptor = flight.FlightDescriptor.for_path(*([model] if model else []))
    batches = rows.to_batches(max_chunksize=ROWS)
    done = failures = 0
    while done < len(batches):
        try:
            writer, reader = client.do_exchange(descriptor, options)
            with writer:
                writer.begin(rows.schema)
                for batch in batches[done:]:
                    writer.write_batch(batch)
                    probabilities = reader.read_chunk().data.column("probability").to_pylist()
                    done, failures = done + 1, 0
                    yield probabilities
                writer.done_writing()
        except flight.FlightUnavailableError:  # Busy, starting or ending: goes on with the batch that failed.
            failures += 1
            if failures == TRIES:
                raise
            time.sleep(random.uniform(0.5, 1.5) * 2**failures / 10)


def main(address, file, model=""):
    rows = parquet.read_table(file) if file.endswith(".parquet") else csv.read_csv(file)
    token = os.environ.get("TOKEN")
    headers = [(b"authorization", b"Bearer " + token.encode())] if token else []
    with flight.connect(address) as client:
        try:
            for probabilities in score(client, model, rows, flight.FlightCallOptions(headers=headers)):
                print(*probabilities, sep="\n")
        except (flight.FlightError, pyarrow.ArrowException) as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
