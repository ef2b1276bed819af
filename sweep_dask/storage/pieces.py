"""Pieces of the combined tables: partitions of a date that share a file of every table.

Which these are depends on the partitions and their rows alone, not on workers or on what was done
before: the same results lie in the same files.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.storage.atomic import bytes_digest
from sweep_dask.storage.layout import Partition
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_NAME = re.compile(r"\d{4}-\d\d-\d\d-\d{10}", re.ASCII)

#: Rows of all tables that fill a piece, worth about a second of a task that runs both models. An
#: empty Dask task costs milliseconds, and so do a dozen files; a market has thousands of partitions
#: of a few rows.
PIECE_ROWS = 100_000

#: Rows that take as long as what a partition costs however few it has: a file more of everything,
#: a frame more of every table.
ROWS_WORTH_OF_A_PARTITION = 2_000


class Piece(NamedTuple):
    """Neighbouring partitions of a date, by security."""

    date: str
    securities: tuple[int, ...]

    @property
    def name(self) -> str:
        """What its files are called: names sort as rows do."""
        return f"{self.date}-{self.securities[0]:010d}"

    @property
    def partitions(self) -> list[Partition]:
        """In the order of rows."""
        return [Partition(self.date, security) for security in self.securities]


def pieces_of(rows: Mapping[Partition, int], piece_rows: int = PIECE_ROWS) -> list[Piece]:
    """The pieces of some partitions, in the order of rows.

    Large partitions stay alone; small ones share a piece until it holds `piece_rows` rows.

    `rows`: of each partition, see `rows_of`.
    """
    found = []
    for date, partitions in groupby(sorted(rows), key=lambda key: key.date):
        members: list[int] = []
        held = 0
        for key in partitions:
            if members and held + rows[key] > piece_rows:
                found.append(Piece(date, tuple(members)))
                members, held = [], 0
            members.append(key.security)
            held += rows[key]
        found.append(Piece(date, tuple(members)))
    return found


def date_of_piece(name: str) -> str:
    """The date in the name of a piece."""
    return name[: len("2024-09-05")]


def files_of(table: Path) -> list[Path]:
    """The files of a combined table in the order of rows; what else lies there is somebody's."""
    return sorted(path for path in table.glob("*.parquet") if _NAME.fullmatch(path.stem))


def file_of(table: Path, partition: Partition) -> Path:
    """The file of a combined table that has the rows of a partition, if any has them."""
    name = Piece(partition.date, (partition.security,)).name
    before = [path for path in files_of(table) if partition.date <= path.stem <= name]
    return max(before, default=table / f"{name}.parquet")


def rows_of(counts: Mapping[str, int]) -> int:
    """What a partition is worth in rows, from those by table.

    Trades do not count: which of them belong to its orders is known only when it is run.
    """
    return ROWS_WORTH_OF_A_PARTITION + counts.get("orders", 0) + counts.get("nbbo", 0)


def made_of(receipts: Iterable[str | None], spec: Any) -> str:
    """Digest of what a piece is made of: digests of receipts, and what decides on its tables."""
    return bytes_digest(json.dumps([VERSION, list(receipts), spec]).encode())
