"""What results were made from, and whether it gives them: each is made again, nothing is written.

Only from files that are as the manifest and the receipts list them: what a damaged file would give
says nothing. Memory is bounded as in a run without a cluster: a piece of a table, one metric.
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.rollups.tables import tables_of
from sweep_dask.errors import InputError
from sweep_dask.partition.piece import added_in_turn, summary_of_files
from sweep_dask.partition.rows import recorded_trading
from sweep_dask.partition.tables import combined_tables
from sweep_dask.report.page import report_page
from sweep_dask.report.replay_page import replay_report_page
from sweep_dask.schema import SESSION
from sweep_dask.storage.combine import holds
from sweep_dask.storage.layout import Partition, is_result
from sweep_dask.storage.manifest import THROUGH
from sweep_dask.storage.no_follow import is_file, read_regular
from sweep_dask.storage.parquet_files import parquet_schema, read_parquet
from sweep_dask.storage.receipts import read_receipt
from sweep_dask.storage.summaries import read_summary
from sweep_dask.storage.verification import UNREADABLE, Fault
from sweep_dask.study.answer import pieces_in, spec_of
from sweep_dask.study.fidelity import errors_in, is_scored, run_document
from sweep_dask.terms.files import SENSITIVITY, SWEEP_METRICS
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from sweep_dask.analysis.rollups.summary import Summary
    from sweep_dask.analysis.tables import FloatArray
    from sweep_dask.partition.tables import TablesSpec
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.pieces import Piece

#: Floats of roll-ups may differ by this share: libraries and processors differ in the last digits.
_TOLERANCE = 1e-9
#: And what cancels out leaves this much, of values around one.
_NOTHING = 1e-12


def has_answer(manifest: Mapping[str, Any]) -> bool:
    """Whether it is of a run that left combined tables, and tells what they are made of."""
    is_of_run = manifest.get("command") != "replay"
    # The first manifests do not.
    is_old = "earlier_runs" not in manifest
    is_through = manifest["status"] in THROUGH
    return is_of_run and is_through and not is_old and bool(manifest["partitions"])


def check_sessions(
    layout: OutputLayout, manifest: Mapping[str, Any], unsound: set[str]
) -> Iterator[Fault]:
    """The session rows of a date give the continuous trading that its partitions were run with.

    They are those of one run, and partitions of the date may be of several: all of one agree.
    """
    runs_of_date: dict[str, dict[str, list[Partition]]] = defaultdict(lambda: defaultdict(list))
    for entry in manifest["partitions"] if has_answer(manifest) else ():
        key = Partition(entry["date"], entry["security"])
        runs_of_date[key.date][entry["run"]].append(key)
    partial = {
        run.get("run")
        for run in (manifest, *manifest.get("earlier_runs", ()))
        if any(run.get("superseded_rows", {}).values())
    }
    failed = {entry["date"] for entry in manifest["partitions"] if entry["state"] == "failed"}
    for date, runs in runs_of_date.items():
        path = layout.processed_date(date) / f"{SESSION.name}.parquet"
        name = layout.relative(path)
        # Of what is left of a run the rows may be those of another that is gone.
        if name in unsound or date in failed or runs.keys() <= partial:
            continue
        try:
            rows = read_parquet(path) if is_file(layout.root, name) else None
        except UNREADABLE as error:
            yield Fault(name, f"the file cannot be read: {error}")
            continue
        if not any(all(_gives(layout, rows, key) for key in keys) for keys in runs.values()):
            what = "its rows do not give the continuous trading that partitions were run with"
            yield Fault(name, what)


def _gives(layout: OutputLayout, session: pa.Table | None, key: Partition) -> bool:
    receipt = read_receipt(layout, *key)
    if receipt is None or receipt.trading is None:
        return True  # told of by others, or of a version that did not say it
    recorded = None if session is None else recorded_trading(session, key.security)
    if recorded is None:
        return not receipt.trading["is_recorded"]
    windows = [list(window) for window in recorded.windows]
    return bool(receipt.trading == {"windows": windows, "is_recorded": True})


def has_tables(manifest: Mapping[str, Any]) -> bool:
    """Whether combined tables lie in pieces, and what these are made of is known."""
    return has_answer(manifest) and "pieces" in manifest


def check_tables(
    layout: OutputLayout, manifest: Mapping[str, Any], unsound: set[str]
) -> Iterator[Fault]:
    """Combined tables hold what the files of the partitions do, and roll-ups what they give."""
    if not has_tables(manifest):
        return
    pieces = pieces_in(manifest)
    is_of_now = manifest["version"] == VERSION
    expected = {piece.name: of for piece, of in pieces.items()}
    if expected.keys() != manifest["pieces"].keys() or (
        is_of_now and expected != manifest["pieces"]
    ):
        yield Fault("manifest.json", "its pieces of tables are not those of its partitions")
        return
    are_sound = True
    spec = spec_of(manifest)
    for piece in pieces:
        for table in combined_tables(spec):
            path = layout.piece(table.name, piece.name)
            name = layout.relative(path)
            if not (is_of_now or _has_columns(path, table.schema)):
                continue  # another version's own form; its digests are looked at elsewhere
            parts = [layout.relative(part) for part in table.paths(layout, piece.partitions)]
            is_sound = unsound.isdisjoint([name, *parts])
            if is_sound:
                rows = table.rows(layout, piece.partitions)
                what = "its rows are not those of the partitions' files"
                findings = list(_compared(name, partial(holds, path, rows), what))
                yield from findings
                is_sound = not findings
            are_sound &= is_sound or table.name not in (SWEEP_METRICS, SENSITIVITY)
    if are_sound and is_of_now:
        try:
            errors = errors_in(run_document(layout, manifest)) if is_scored(manifest) else None
        except InputError:
            return  # what is wrong with the scores is told by itself
        yield from _check_rollups(layout, spec, pieces, unsound, errors)


def _has_columns(path: Path, columns: pa.Schema) -> bool:
    """Whether a file is a table with these columns."""
    try:
        return bool(parquet_schema(path).equals(columns))
    except UNREADABLE:
        return False


def _compared(name: str, is_right: Callable[[], bool], what: str) -> Iterator[Fault]:
    """What is wrong with a file, if anything is; a digest may have been changed with it."""
    try:
        if not is_right():
            yield Fault(name, what)
    except (*UNREADABLE, KeyError, ValueError, TypeError, InputError) as error:
        yield Fault(name, f"the file cannot be read: {str(error).partition(chr(10))[0]}")


def _check_rollups(
    layout: OutputLayout,
    spec: TablesSpec,
    pieces: Iterable[Piece],
    unsound: set[str],
    errors: FloatArray | None,
) -> Iterator[Fault]:
    findings: list[Fault] = []
    summary = added_in_turn(_days(layout, spec, pieces, unsound, findings))
    made = tables_of(summary, spec.arms, spec.choices, errors)
    yield from findings
    for stem, table in sorted(made.items()):
        path = layout.rollups / f"{stem}.parquet"
        name = layout.relative(path)
        if name not in unsound:
            what = f"it is not what tables/{SWEEP_METRICS}.parquet gives"
            yield from _compared(name, partial(_is_close, path, table), what)


def _days(
    layout: OutputLayout,
    spec: TablesSpec,
    pieces: Iterable[Piece],
    unsound: set[str],
    findings: list[Fault],
) -> Iterator[Summary]:
    """The summary of each date, made again; `findings` gets what is wrong."""
    tables = {table.name for table in combined_tables(spec)}
    for date, of_date in groupby(pieces, key=lambda piece: piece.date):
        names = [piece.name for piece in of_date]
        sweeps, sensitivity = (
            [str(layout.piece(table, name)) for name in names if table in tables]
            for table in (SWEEP_METRICS, SENSITIVITY)
        )
        made = summary_of_files(sweeps, sensitivity, spec)
        path = layout.day_summary(date)
        name = layout.relative(path)
        if name not in unsound:
            what = "it is not what the sweeps of the date give"
            findings += _compared(name, partial(_is_summary, path, made), what)
        yield made


def _is_summary(path: Path, other: Summary) -> bool:
    """Whether a file holds the same summary, number by number."""
    *ours, example = read_summary(path)
    *theirs, its_example = other
    pairs = zip(ours, theirs, strict=True)
    return example == its_example and all(
        np.array_equal(a, b) for pair in pairs for a, b in zip(*pair, strict=True)
    )


def _is_close(path: Path, other: pa.Table) -> bool:
    """Whether a file holds the same, floats but for their last digits."""
    one = read_parquet(path)
    if one.schema != other.schema or len(one) != len(other):
        return False
    for ours, theirs in zip(one.columns, other.columns, strict=True):
        if pa.types.is_floating(ours.type):
            pair = (ours.to_numpy(), theirs.to_numpy())
            if not np.allclose(*pair, rtol=_TOLERANCE, atol=_NOTHING, equal_nan=True):
                return False
        elif not ours.equals(theirs):
            return False
    return True


def check_fidelity(
    layout: OutputLayout, manifest: Mapping[str, Any], unsound: set[str]
) -> Iterator[Fault]:
    """The score of a run is the sum of those of its partitions."""
    if not has_tables(manifest) or manifest["version"] != VERSION or not is_scored(manifest):
        return
    name = layout.relative(layout.fidelity)
    keys = (Partition(p["date"], p["security"]) for p in manifest["partitions"] if p["covered"])
    if unsound.isdisjoint([name, *(layout.relative(layout.score(*key)) for key in keys)]):
        what = "it is not the sum of what the partitions' scores say"
        yield from _compared(name, lambda: _is_sum(layout, manifest), what)


def _is_sum(layout: OutputLayout, manifest: Mapping[str, Any]) -> bool:
    """Whether a run's score is what its partitions give, floats included."""
    document = json.loads(read_regular(layout.fidelity))
    return bool(document == run_document(layout, manifest))


def check_report(
    layout: OutputLayout, manifest: Mapping[str, Any], unsound: set[str]
) -> Iterator[Fault]:
    """The report is the page that this version makes of the folder, if the run was of it, too."""
    if manifest["version"] != VERSION or any(map(is_result, unsound)):
        return
    name = layout.relative(layout.report)
    if not is_file(layout.root, name):
        return  # without partitions there is none
    try:
        if manifest.get("command") == "replay":
            made = replay_report_page(layout.root, manifest)
        else:
            made = report_page(layout, manifest)
    except InputError as error:
        yield Fault(name, f"it cannot be made again: {error.what} {error.value or ''}".strip())
        return
    if read_regular(layout.report).decode() != made:
        yield Fault(name, "it is not the page that the folder gives; `report` makes it again")
