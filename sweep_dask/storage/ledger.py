"""The ledger: every row of every file ends in exactly one place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

    from sweep_dask.storage.ingest import BlockStats
    from sweep_dask.storage.raw_files import InputFile

#: Why rows that can be read take no part in the simulation.
FILTER_REASONS = {
    "not_centre_point": "an order type without any Centre Point or sweep bit",
    "duplicate": "order id and sequence of an earlier row that can be read",
    "no_centre_point_order": "a trade of no Centre Point order of its date and security",
    "no_partition": "no Centre Point order on its date (and, for quotes, in its security)",
    "not_selected": "outside the dates and securities asked for",
}

#: Why a row cannot be read (`rejects/*.parquet`, manifest).
REJECT_REASONS = {
    "wrong_field_count": "the line has more or fewer fields than the header",
    "missing_value": "a value that every row must have is blank or the missing-value number",
    "not_a_number": "the cell holds no integer (or, for prices, no decimal number)",
    "not_a_time": "the cell holds no time in ISO 8601 with its offset, where `units` asks for one",
    "not_a_half_unit": "a price that is no multiple of half a price unit",
    "out_of_range": "a number outside what its column can hold",
    "not_text": "the line is no UTF-8 text, holds a zero byte, is longer than 1 MiB or has a cell "
    "of over 128 KiB",
}


@dataclass
class FileLedger:
    """Where the rows of one file went."""

    file: str
    table: str
    read: int = 0
    kept: int = 0
    filtered: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, object]:
        """As in the manifest."""
        return {
            "file": self.file,
            "table": self.table,
            "read": self.read,
            "kept": self.kept,
            "filtered": dict(sorted(self.filtered.items())),
            "rejected": dict(sorted(self.rejected.items())),
        }


class Ledger:
    """Counts of all files, filled in as the rows' fates become known."""

    def __init__(self, files: Iterable[InputFile], block_stats: Iterable[BlockStats]) -> None:
        self._files = {file.name: FileLedger(file.name, file.table) for file in files}
        self._file_of_block: dict[int, str] = {}
        for stats in block_stats:
            entry = self._files[stats.file]
            entry.read += stats.n_read
            entry.kept += stats.n_rows
            entry.filtered.update(stats.filtered)
            entry.rejected.update(stats.rejected)
            self._file_of_block[stats.block] = stats.file

    @classmethod
    def restored(cls, files: Iterable[Mapping[str, Any]]) -> Self:
        """The ledger of an earlier run, as its manifest has it; no row of it moves any more."""
        ledger = cls((), ())
        for entry in files:
            file, table, read, kept = (entry[n] for n in ("file", "table", "read", "kept"))
            aside = (Counter(entry[fate]) for fate in ("filtered", "rejected"))
            ledger._files[file] = FileLedger(file, table, read, kept, *aside)
        return ledger

    def remove(self, removed: Mapping[int, Mapping[str, int]]) -> None:
        """Move rows from kept to filtered: block to reason to number of rows."""
        for block, reasons in removed.items():
            entry = self._files[self._file_of_block[block]]
            entry.filtered.update(reasons)
            entry.kept -= sum(reasons.values())

    @property
    def files(self) -> list[FileLedger]:
        """In the order of the input."""
        return list(self._files.values())

    def total(self, table: str | None = None) -> FileLedger:
        """Sum over the files of a table; over all files if none is named."""
        total = FileLedger("", table or "")
        for entry in self._files.values():
            if table in (None, entry.table):
                total.read += entry.read
                total.kept += entry.kept
                total.filtered += entry.filtered
                total.rejected += entry.rejected
        return total
