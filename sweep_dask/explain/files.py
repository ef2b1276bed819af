"""Where an order is in an output folder, and what is read of it there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pacsv

from sweep_dask.errors import InputError
from sweep_dask.storage.parquet_files import is_among, open_parquet, readable_by_arrow, rows_with
from sweep_dask.storage.receipts import finished_partitions
from sweep_dask.terms.files import ROW_FILES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout, Partition


class Files:
    """Reads results of an output folder.

    Every method raises `InputError` for a file that is there and cannot be read, or that is
    required and not there.
    """

    def __init__(self, layout: OutputLayout) -> None:
        self.layout = layout

    def rows(
        self,
        path: Path,
        column: str,
        values: Collection[int],
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """The rows with one of some numbers in a column; see `storage.parquet_files.rows_with`."""
        with self._refusing(path):
            return rows_with(path, column, values, columns)

    def rows_if_there(self, path: Path, column: str, values: Collection[int]) -> pa.Table | None:
        """The same; None without the file."""
        return self.rows(path, column, values) if path.exists() else None

    def columns(self, path: Path, names: Sequence[str]) -> pa.Table:
        """All rows, of these columns those that the file has."""
        with self._refusing(path), open_parquet(path) as file:
            return file.read(columns=[name for name in names if name in file.schema_arrow.names])

    def csv_rows(self, path: Path, column: str, value: int) -> pa.Table:
        """The rows of a CSV file with a number in a column."""
        with self._refusing(path):
            rows = pacsv.read_csv(readable_by_arrow(path))
            if not len(rows):
                return rows
            return rows.filter(is_among(rows[column], (value,)))

    @contextmanager
    def _refusing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException, LookupError) as error:
            raise InputError(
                "A file of the order's partition is missing or cannot be read.",
                where=str(path),
                cure=f"`sweep-dask verify {self.layout.root}` says what else is wrong; the run's "
                "own command makes it again. If a run is at work there, ask again.",
            ) from error


#: The column of ids in the files of order rows.
ORDER_ID = "order_id"


def order_rows(layout: OutputLayout, partition: Partition) -> Path:
    """The file with the rows of a partition's orders."""
    return layout.processed(*partition) / f"{ROW_FILES['orders']}.parquet"


def partitions_with(files: Files, order_id: int) -> list[Partition]:
    """The partitions that have rows of an order; several if it stayed for days.

    Raises
    ------
    InputError
        The rows of a partition cannot be read.
    """
    return [
        partition
        for partition in finished_partitions(files.layout)
        if len(files.rows(order_rows(files.layout, partition), ORDER_ID, (order_id,), [ORDER_ID]))
    ]


def values(rows: pa.Table, name: str) -> list[Any]:
    """A column, None where there is no value; all None without the column."""
    return rows[name].to_pylist() if name in rows.column_names else [None] * len(rows)


def doubled(price: float | None) -> int | None:
    """A price in the unit of the input as a doubled whole number; prices are multiples of a half.

    NaN and 0 are no price.
    """
    return round(2 * price) if price is not None and price > 0 else None
