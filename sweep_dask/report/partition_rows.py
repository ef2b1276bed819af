"""Combined tables read one partition at a time: a market does not fit in memory, a day does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: Trading date and security.
Key = tuple[str, int]

#: In place of an integer that is missing: as a float a time would lose its last digits.
MISSING = -1

#: Rows read at once; arbitrary, 20 to 40 MB of the columns that the report reads.
_CHUNK_ROWS = 250_000

_KEYS = ["date", "security"]


def partitions(path: Path, columns: Sequence[str]) -> Iterator[tuple[Key, pd.DataFrame]]:
    """Rows of each partition of a combined table, ascending by date and security.

    Yields
    ------
    tuple
        Date and security, and the rows with these columns; a missing integer is `MISSING`.

    Raises
    ------
    pyarrow.ArrowInvalid
        The rows of a partition are not together, or partitions not in order.
    """
    held: list[pd.DataFrame] = []
    current: Key | None = None
    for key, rows in _pieces(path, columns):
        if current is not None and key != current:
            if key < current:
                raise pa.ArrowInvalid(f"{path.name} is not in order of date and security")
            yield current, pd.concat(held, ignore_index=True)
            held = []
        current = key
        held.append(rows)
    if current is not None:
        yield current, pd.concat(held, ignore_index=True)


def _pieces(path: Path, columns: Sequence[str]) -> Iterator[tuple[Key, pd.DataFrame]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_CHUNK_ROWS, columns=[*_KEYS, *columns]):
            rows = pa.table(
                [_without_gaps(column) for column in batch.columns], names=batch.schema.names
            ).to_pandas()
            for (date, security), part in rows.groupby(_KEYS, sort=False):
                yield (str(date), int(security)), part[list(columns)]


def _without_gaps(column: pa.Array) -> pa.Array:
    return pc.fill_null(column, MISSING) if pa.types.is_integer(column.type) else column


class PartitionRows:
    """A second table, read in step with the first one."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._stream = partitions(path, columns)
        self._next = next(self._stream, None)
        self._empty = pd.DataFrame({name: [] for name in columns})

    def of(self, key: Key) -> pd.DataFrame:
        """Rows of one partition, perhaps none; keys must be asked for in ascending order."""
        while self._next is not None and self._next[0] < key:
            self._next = next(self._stream, None)
        if self._next is None or self._next[0] != key:
            return self._empty
        return self._next[1]
