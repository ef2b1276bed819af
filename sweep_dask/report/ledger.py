"""What became of the rows of the input: by partition, by file, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.storage.ledger import FILTER_REASONS, REJECT_REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Longest lists on the page; what is left out is counted there. Arbitrary, a page for people.
_MOST_PARTITIONS = 50
_MOST_FILES = 200


@dataclass(frozen=True)
class LedgerLine:
    """Where the rows of one file, or of all files of a table, went."""

    file: str
    table: str
    read: int
    kept: int
    filtered: Mapping[str, int]
    rejected: Mapping[str, int]

    @property
    def balanced(self) -> bool:
        """Whether every row is in exactly one place."""
        return self.read == self.kept + sum((*self.filtered.values(), *self.rejected.values()))


@dataclass(frozen=True)
class Reason:
    """Why rows took no part in the simulation."""

    fate: str
    """`filtered` or `rejected`."""
    name: str
    meaning: str
    rows: int


def ledger_content(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What `ledger.html` names."""
    lines = ledger_lines(manifest)
    return {
        "partitions": largest_partitions(manifest, _MOST_PARTITIONS),
        "most_partitions": _MOST_PARTITIONS,
        "counted": counted,
        "ledger": lines,
        "most_files": _MOST_FILES,
        "tables": table_lines(lines),
        "reasons_of_rows": reasons(lines),
    }


def ledger_lines(manifest: Mapping[str, Any]) -> list[LedgerLine]:
    """One line per file, in the order of the input."""
    names = ("file", "table", "read", "kept", "filtered", "rejected")
    return [LedgerLine(**{name: entry[name] for name in names}) for entry in manifest["ledger"]]


def table_lines(lines: Iterable[LedgerLine]) -> list[LedgerLine]:
    """The sums over the files of each table, tables by first appearance."""
    by_table: dict[str, list[LedgerLine]] = {}
    for line in lines:
        by_table.setdefault(line.table, []).append(line)
    return [_sum(table, files) for table, files in by_table.items()]


def _sum(table: str, files: list[LedgerLine]) -> LedgerLine:
    return LedgerLine(
        file="1 file" if len(files) == 1 else f"{len(files):,} files",
        table=table,
        read=sum(line.read for line in files),
        kept=sum(line.kept for line in files),
        filtered=_add(line.filtered for line in files),
        rejected=_add(line.rejected for line in files),
    )


def _add(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


def reasons(lines: Iterable[LedgerLine]) -> list[Reason]:
    """Every reason that occurs, filtered before rejected, with its meaning."""
    tables = list(lines)
    filtered = _add(line.filtered for line in tables)
    rejected = _add(line.rejected for line in tables)
    return [
        *(Reason("filtered", name, FILTER_REASONS[name], n) for name, n in filtered.items()),
        *(Reason("rejected", name, REJECT_REASONS[name], n) for name, n in rejected.items()),
    ]


def counted(partition: Mapping[str, Any], what: str) -> int | None:
    """Orders or sweeps of a partition: those of the book or, without that model, of the other."""
    counts = partition["counts"]
    count: int | None = counts.get(f"centre_point_{what}", counts.get(what))
    return count


def largest_partitions(manifest: Mapping[str, Any], most: int) -> list[Mapping[str, Any]]:
    """Finished partitions by falling number of sweeps, then of rows; at most `most`."""
    finished = [p for p in manifest["partitions"] if p["state"] != "failed"]
    return sorted(finished, key=_largest_first)[:most]


def _largest_first(partition: Mapping[str, Any]) -> tuple[int, int, str, int]:
    counts = partition["counts"]
    rows = counts.get("orders_rows", 0)
    return (-(counted(partition, "sweeps") or 0), -rows, partition["date"], partition["security"])
