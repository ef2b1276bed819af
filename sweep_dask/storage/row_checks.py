"""The rows that ledgers keep against those that partitions and dates hold."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sweep_dask.schema import PARTICIPANTS
from sweep_dask.storage.partition_index import DATED
from sweep_dask.storage.verification import UNREADABLE, Fault, row_count
from sweep_dask.terms.files import ROW_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.storage.layout import OutputLayout


def check_kept_rows(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """What each run kept is in its partitions, or was in some that later ones took over."""
    for run in (manifest, *manifest.get("earlier_runs", ())):
        if run["status"] != "done":
            continue
        own = [p for p in manifest["partitions"] if p.get("run") == run.get("run")]
        if any(partition["state"] == "failed" for partition in own):
            continue
        for table in ROW_FILES:
            kept = sum(entry["kept"] for entry in run["ledger"] if entry["table"] == table)
            stored = sum(partition["counts"].get(f"{table}_rows", 0) for partition in own)
            stored += run.get("superseded_rows", {}).get(table, 0)
            if stored != kept:
                what = f"the ledger keeps {kept} rows of {table}, the partitions hold {stored}"
                yield Fault("manifest.json", what)


def check_dated_rows(layout: OutputLayout, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """What each run kept of tables that belong to a date is there, as far as ledgers tell.

    They do of a run that has its dates for itself, all of them. A list of participants serves
    several days.
    """
    runs = (manifest, *manifest.get("earlier_runs", ()))
    runs_of_date: dict[str, set[str | None]] = defaultdict(set)
    for entry in manifest["partitions"]:
        runs_of_date[entry["date"]].add(entry.get("run"))
    for run in runs:
        own = {date for date, of_date in runs_of_date.items() if run.get("run") in of_date}
        is_shared = any(len(runs_of_date[date]) > 1 for date in own)
        is_partial = run["status"] != "done" or any(run.get("superseded_rows", {}).values())
        if not own or is_shared or is_partial:
            continue
        for table in DATED:
            names = [f"processed/{date}/{table}.parquet" for date in sorted(own)]
            kept = sum(entry["kept"] for entry in run["ledger"] if entry["table"] == table)
            yield from _check_dated_table(layout, table, names, kept)


def _check_dated_table(
    layout: OutputLayout, table: str, names: list[str], kept: int
) -> Iterator[Fault]:
    try:
        rows = [row_count(layout, name) for name in names]
    except UNREADABLE:
        return  # told of by its digest
    if table == PARTICIPANTS.name:
        for name in (name for name, count in zip(names, rows, strict=True) if kept and not count):
            yield Fault(name, f"the ledger keeps {kept} rows of {table}, the date has none")
    elif sum(rows) != kept:
        what = f"the ledger keeps {kept} rows of {table}, the dates hold {sum(rows)}"
        yield Fault(f"processed/*/{table}.parquet", what)
