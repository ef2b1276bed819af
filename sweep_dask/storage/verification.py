"""An output folder against its manifest, receipts and rows: everything it lets one check."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from sweep_dask.locations import is_object
from sweep_dask.schema import BY_NAME, PARTICIPANTS
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import (
    EARLIER_REJECTS,
    REJECTS,
    RESULT_FOLDERS,
    Partition,
    is_result,
    partition_of,
)
from sweep_dask.storage.no_follow import is_file
from sweep_dask.storage.objects import at_a_time, sizes_below
from sweep_dask.storage.parquet_files import parquet_metadata, read_parquet
from sweep_dask.storage.partition_index import DATED
from sweep_dask.storage.receipts import are_there, read_receipt
from sweep_dask.terms.files import RECEIPT, ROW_FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from sweep_dask.storage.layout import OutputLayout

#: What reading a damaged Parquet file can raise.
UNREADABLE = (OSError, pa.ArrowException)

#: What a manifest that is not of its form makes the checks raise.
_OUT_OF_FORM = (KeyError, TypeError, ValueError, AttributeError, IndexError, OSError)


#: What is found of files of others, which change nothing else.
NOT_LISTED = "not listed in the manifest"


class Fault(NamedTuple):
    """Something an output folder does not hold as it should."""

    where: str
    what: str


def findings_of(*checks: Callable[[], Iterable[Fault]]) -> list[Fault]:
    """What the checks find; one that the manifest's form defeats is a finding itself."""
    found: list[Fault] = []
    for check in checks:
        try:
            found.extend(check())
        except _OUT_OF_FORM as error:
            what = f"it is not of the form of a manifest ({type(error).__name__}: {error})"
            found.append(Fault("manifest.json", what))
    return list(dict.fromkeys(found))


def check_files(layout: OutputLayout, files: Mapping[str, str]) -> Iterator[Fault]:
    """Every listed file is there with its digest, and no other among the results."""
    yield from filter(None, at_a_time(lambda item: _check_file(layout, *item), files.items()))
    for name in sorted(_results_in(layout.root)):
        if name not in files:
            yield Fault(name, NOT_LISTED)


def _check_file(layout: OutputLayout, name: str, digest: str) -> Fault | None:
    if not is_result(name):
        return Fault("manifest.json", f"it lists {name!r}, which is no place of a result")
    if not is_file(layout.root, name):
        return Fault(name, "the file is missing, or no regular file")
    try:
        found = file_digest(layout.root / name)
    except OSError as error:
        return Fault(name, f"the file cannot be read: {error.strerror or error}")
    return None if found == digest else Fault(name, "the file's digest differs: it was changed")


def _results_in(root: Path) -> Iterator[str]:
    """Every file and link in the folders of results, of anybody; no link is followed."""
    if is_object(root):
        names = sizes_below(root)
        yield from (name for name in names if name.partition("/")[0] in RESULT_FOLDERS)
        return
    for top in RESULT_FOLDERS:
        if (root / top).is_symlink():
            yield top
            continue
        for folder, below, files in os.walk(root / top):
            here = Path(folder)
            links = [name for name in below if (here / name).is_symlink()]
            yield from ((here / name).relative_to(root).as_posix() for name in (*files, *links))


def check_runs(layout: OutputLayout, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """Each run's ledger balances, and says of rejected rows what `rejects/` holds."""
    for run in (manifest, *manifest.get("earlier_runs", ())):
        for entry in run["ledger"]:
            placed = sum((*entry["filtered"].values(), *entry["rejected"].values(), entry["kept"]))
            if entry["read"] != placed:
                what = f"{entry['read']} rows were read, {placed} are accounted for"
                yield Fault(entry["file"], what)
        yield from _check_rejects(layout, run)


def _check_rejects(layout: OutputLayout, run: Mapping[str, Any]) -> Iterator[Fault]:
    expected = {
        (entry["table"], entry["file"], reason): count
        for entry in run["ledger"]
        for reason, count in entry["rejected"].items()
    }
    folder = run.get("rejects", REJECTS)
    if folder != REJECTS and not folder.startswith(f"{EARLIER_REJECTS}/"):
        raise ValueError(folder)
    for table in BY_NAME:
        name = f"{folder}/{table}.parquet"
        if not is_result(name):
            raise ValueError(folder)
        try:
            there = _counted_rejects(layout, name)
        except UNREADABLE as error:
            yield _unreadable(name, error)
            continue
        of_table = {key[1:]: count for key, count in expected.items() if key[0] == table}
        for key in sorted(of_table.keys() | there.keys()):
            if of_table.get(key, 0) != there.get(key, 0):
                what = f"the ledger has {of_table.get(key, 0)} rows rejected as {key[1]}, "
                yield Fault(key[0], f"{what}{name} {there.get(key, 0)}")


def _counted_rejects(layout: OutputLayout, name: str) -> dict[tuple[str, str], int]:
    """Rejected rows by file and reason; none if there is no regular file."""
    if not is_file(layout.root, name):
        return {}
    rows = read_parquet(layout.root / name, ["file", "reason"])
    counts = rows.group_by(["file", "reason"]).aggregate([([], "count_all")]).to_pydict()
    files, reasons = counts["file"], counts["reason"]
    return dict(zip(zip(files, reasons, strict=True), counts["count_all"], strict=True))


def _unreadable(name: str, error: Exception) -> Fault:
    return Fault(name, f"the file cannot be read: {str(error).splitlines()[0]}")


def check_partitions(layout: OutputLayout, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """Each partition has its receipt, the files it lists, and the rows that both tell of."""
    files: dict[Partition, dict[str, str]] = {}
    for name, digest in manifest["files"].items():
        key = partition_of(name)
        if key is not None:
            files.setdefault(key, {})[name] = digest
    entries = {Partition(p["date"], p["security"]): p for p in manifest["partitions"]}
    runs = {run.get("run") for run in (manifest, *manifest.get("earlier_runs", ()))}
    for key in sorted(files.keys() | entries.keys()):
        entry, listed = entries.get(key), files.get(key, {})
        if entry is None:
            yield Fault(_shown(key), "the manifest lists its files and not the partition")
        elif entry.get("run") not in runs:
            yield Fault(_shown(key), "it is of a run that the manifest does not tell of")
        elif entry["state"] != "failed":
            yield from _check_partition(layout, key, entry, listed)


def _shown(key: Partition) -> str:
    return f"processed/{key.date}/{key.security}"


def _check_partition(
    layout: OutputLayout, key: Partition, entry: Mapping[str, Any], listed: Mapping[str, str]
) -> Iterator[Fault]:
    receipt = read_receipt(layout, *key)
    where = layout.relative(layout.receipt(*key))
    if receipt is None:
        yield Fault(where, "the receipt is missing or damaged")
        return
    if receipt.fingerprint != entry["fingerprint"] or receipt.counts != entry["counts"]:
        yield Fault(where, "the receipt and the manifest tell of different results")
    of_receipt = {**receipt.files, where: listed.get(where)}
    for name in sorted(of_receipt.keys() | listed.keys()):
        if of_receipt.get(name) != listed.get(name):
            yield Fault(name, "the receipt and the manifest disagree about this file")
    for table, stem in ROW_FILES.items():
        yield from _check_rows(
            layout, f"{_shown(key)}/{stem}.parquet", entry["counts"].get(f"{table}_rows", 0)
        )


def _check_rows(layout: OutputLayout, name: str, expected: int) -> Iterator[Fault]:
    try:
        rows = row_count(layout, name)
    except UNREADABLE as error:
        yield _unreadable(name, error)
        return
    if rows != expected:
        yield Fault(name, f"{expected} rows are told of, the file holds {rows}")


def row_count(layout: OutputLayout, name: str) -> int:
    """Rows of a Parquet file; none if it is not there.

    Raises OSError, pyarrow.ArrowException: it is damaged.
    """
    if not is_file(layout.root, name):
        return 0
    return int(parquet_metadata(layout.root / name).num_rows)


def check_receipts(layout: OutputLayout) -> Iterator[Fault]:
    """What can be told without a manifest: whether partitions are as their receipts have them."""
    for path in sorted(layout.root.glob(f"processed/*/*/{RECEIPT}")):
        name = layout.relative(path)
        key = partition_of(name)
        receipt = None if key is None else read_receipt(layout, *key)
        if receipt is None:
            yield Fault(name, "the receipt is damaged")
        elif not are_there(layout, receipt.files):
            yield Fault(name, "files of this partition are missing or changed")


def check_listed(names: Iterable[str], files: Collection[str]) -> Iterator[Fault]:
    """Files that every run of these models leaves are listed."""
    for name in names:
        if name not in files:
            yield Fault(name, "the manifest does not list it, and every such run leaves it")


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
