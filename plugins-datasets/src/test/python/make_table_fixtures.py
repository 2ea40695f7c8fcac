"""Writes wide_decimal.parquet, which DuckDB cannot write: a decimal of 50 digits. Needs pyarrow."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent.parent / "resources/org/llm4msr/plugins/datasets"

pq.write_table(
    pa.table(
        {
            "who": ["u", "v"],
            "what": ["i", "j"],
            "label": [0, 1],
            "wide": pa.array([Decimal(10**45), Decimal(10**45 + 1)], pa.decimal256(50, 0)),
        }
    ),
    FOLDER / "wide_decimal.parquet",
)
