"""What an earlier run has made of the same raw files: a run of other models starts from it.

It is found by what manifests say; whether the files are as they say is for others to look at.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.market.trading_day import date_to_day
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.partition_index import PARTITIONED, PartitionSource
from sweep_dask.storage.pieces import pieces_of, rows_of
from sweep_dask.storage.spill import INDEX_DTYPE
from sweep_dask.terms.files import ROW_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sweep_dask.storage.earlier import Earlier

#: Settings that decide what becomes of raw files before a model sees a row.
INGEST_SETTINGS = (
    *("ignore", "columns", "units", "delimiter", "header"),
    *("dates", "securities", "trading_day", "ticks"),
)

#: Of partitions that nothing is to be merged for.
_NO_RANGES = dict.fromkeys(PARTITIONED, np.empty(0, INDEX_DTYPE))

#: By table.
Rows = dict[str, int]


@dataclass(frozen=True)
class Processed:
    """Raw files as an earlier run has left them."""

    run: Mapping[str, Any]
    """That run, or one that started from it itself, as the manifest has it."""
    partitions: list[PartitionSource]
    """All that there are, ascending by date, then security."""
    listed: Mapping[str, str]
    """Name to digest of all files of the folder."""

    def files(self) -> Iterator[dict[str, str]]:
        """Name to digest of what has to be there for it, in portions that are read in no time:
        tables of dates and rejected rows, then rows and receipts of partitions.
        """
        yield dict(self.run["ingest"]["files"])
        rows = {Partition(part.date, part.security): part.rows for part in self.partitions}
        for piece in pieces_of({key: rows_of(counts) for key, counts in rows.items()}):
            names = (name for key in piece.partitions for name in _files_of(key, rows[key]))
            yield {name: self.listed.get(name, "") for name in names}


def find_processed(earlier: Earlier, asking: Mapping[str, Any]) -> Processed | None:
    """What a run can start from; None if it has to read its input.

    `asking`: the manifest of that run. Digests of the input that it does not know yet are taken to
    be the same.
    """
    for run in earlier.runs.values():
        if run.get("ingest") is not None and _is_same(run, asking):
            processed = _left_of(run, earlier)
            if processed is not None:
                return processed
    return None


def _is_same(run: Mapping[str, Any], asking: Mapping[str, Any]) -> bool:
    return (
        all(run.get(name) == asking[name] for name in ("command", "version"))
        and _settings(run) == _settings(asking)
        and _are_same_files(run.get("inputs", ()), asking["inputs"])
    )


def _settings(run: Mapping[str, Any]) -> list[Any]:
    settings = run.get("settings", {})
    return [settings.get(name, {}).get("value") for name in INGEST_SETTINGS]


def _are_same_files(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> bool:
    return len(before) == len(now) and all(
        all(one.get(name) == other[name] for name in ("file", "bytes"))
        and other["digest"] in (None, one["digest"])
        for one, other in zip(before, now, strict=True)
    )


def _left_of(run: Mapping[str, Any], earlier: Earlier) -> Processed | None:
    """What there is of the rows that went into a run; None if that is not all of them."""
    ingest = run["ingest"]
    read_by = {name: (one.get("ingest") or {}).get("run") for name, one in earlier.runs.items()}
    rows = {
        key: {table: entry.get("counts", {}).get(f"{table}_rows", 0) for table in PARTITIONED}
        for key, entry in sorted(earlier.partitions.items())
        if entry["state"] != "failed" and read_by.get(entry["run"]) == ingest["run"]
    }
    if not _are_all(rows.values(), run):
        return None
    sources = [
        PartitionSource(date_to_day(key.date), key.security, _NO_RANGES, counts)
        for key, counts in rows.items()
    ]
    processed = Processed(run, sources, earlier.files)
    is_listed = all(files.items() <= earlier.files.items() for files in processed.files())
    return processed if is_listed else None


def _are_all(partitions: Iterable[Rows], run: Mapping[str, Any]) -> bool:
    """Whether partitions hold every row that the ledger keeps: one that is missing has some."""
    kept: Counter[str] = Counter()
    for entry in run["ledger"]:
        kept[entry["table"]] += entry["kept"]
    held: Counter[str] = Counter()
    for rows in partitions:
        held.update(rows)
    return held["orders"] > 0 and all(held[table] == kept[table] for table in PARTITIONED)


def _files_of(key: Partition, rows: Rows) -> Iterator[str]:
    """Names of a partition's receipt and of its files of rows."""
    layout = OutputLayout(Path())
    yield layout.receipt(*key).as_posix()
    for table, stem in ROW_FILES.items():
        if rows[table]:
            yield (layout.processed(*key) / f"{stem}.parquet").as_posix()
