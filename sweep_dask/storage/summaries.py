"""Summaries of sweeps as files: what a day leaves for the roll-ups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweep_dask.analysis.rollups.cells import Cells
from sweep_dask.analysis.rollups.summary import Candidate, Summary, nothing
from sweep_dask.storage.atomic import write_and_digest
from sweep_dask.storage.frames import described
from sweep_dask.storage.parquet_files import read_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from sweep_dask.analysis.tables import IntArray

#: A row a cell; `kind` is its position in `Summary`, `place` its code. The example is one of
#: `counts` alone.
_SCHEMA = pa.schema(
    [
        ("kind", pa.int8()),
        ("place", pa.int64()),
        ("segment", pa.int64()),
        ("counts", pa.list_(pa.int64())),
        ("sums", pa.list_(pa.int64())),
    ]
)
#: Codes ascend, and most numbers are small: as differences they take half the time.
_ENCODINGS: dict[str, Any] = {
    "compression": "zstd",
    "use_dictionary": ["kind"],
    "write_statistics": False,
    "column_encoding": dict.fromkeys(
        ("place", "segment", "counts.list.element", "sums.list.element"), "DELTA_BINARY_PACKED"
    ),
}
_EXAMPLE = Summary._fields.index("example")


def write_summary(path: Path, summary: Summary) -> str:
    """Write a summary; the same one gives the same bytes, whose digest is returned."""
    *cells, example = summary
    tables = [_rows(kind, of_kind) for kind, of_kind in enumerate(cells)]
    tables += [_row(candidate) for candidate in example]

    def write(temporary: Path) -> None:
        with pq.ParquetWriter(temporary, described(_SCHEMA, "summaries"), **_ENCODINGS) as writer:
            for rows in tables:
                writer.write_table(rows)

    return write_and_digest(path, write)


def read_summary(path: Path) -> Summary:
    """What `write_summary` wrote.

    Raises OSError, pyarrow.ArrowException: the file is damaged.
    """
    rows = read_parquet(path)
    if rows.schema != _SCHEMA:
        raise pa.ArrowInvalid("it has not the columns of a summary")
    of_kind = [rows.filter(pc.equal(rows["kind"], kind)) for kind in range(len(Summary._fields))]
    like: Any = nothing()[:_EXAMPLE]
    cells = [_cells(of, one) for of, one in zip(of_kind[:_EXAMPLE], like, strict=True)]
    example = [Candidate(*numbers) for numbers in of_kind[_EXAMPLE]["counts"].to_pylist()]
    return Summary._make([*cells, example])


def _rows(kind: int, cells: Cells) -> pa.Table:
    size = cells.code.size
    kinds = pa.array(np.full(size, kind, np.int8))
    lists = (_lists(size, numbers) for numbers in cells[2:])
    return pa.table([kinds, cells.code, cells.segment, *lists], schema=_SCHEMA)


def _lists(size: int, numbers: IntArray) -> pa.Array:
    width = math.prod(numbers.shape[1:])
    offsets = np.arange(size + 1, dtype=np.int32) * width
    return pa.ListArray.from_arrays(offsets, pa.array(numbers.ravel()))


def _row(candidate: Candidate) -> pa.Table:
    return pa.table([[_EXAMPLE], [0], [0], [list(candidate)], [[]]], schema=_SCHEMA)


def _cells(rows: pa.Table, like: Cells) -> Cells:
    size = len(rows)
    lists = (pc.list_flatten(rows[name]).to_numpy() for name in ("counts", "sums"))
    shapes = ((size, *array.shape[1:]) for array in like[2:])
    numbers = (flat.reshape(shape) for flat, shape in zip(lists, shapes, strict=True))
    return Cells(rows["place"].to_numpy(), rows["segment"].to_numpy(), *numbers)
