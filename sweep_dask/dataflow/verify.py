"""The command `verify`: what the folder holds against what it says, and against itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sweep_dask.dataflow.answer import answer_files, answer_tables
from sweep_dask.dataflow.document import totals
from sweep_dask.errors import InputError
from sweep_dask.storage.manifest import THROUGH, find_manifest
from sweep_dask.storage.verification import (
    Finding,
    check_files,
    check_listed,
    check_partitions,
    check_receipts,
    check_runs,
    findings_of,
    row_count,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.storage.layout import OutputLayout


def verify_output(layout: OutputLayout) -> tuple[dict[str, Any], list[Finding]]:
    """Check an output folder against its manifest, receipts, rows and rejects.

    Returns
    -------
    tuple
        The manifest, and everything that is wrong; nothing wrong is an empty list.

    Raises
    ------
    InputError
        There is no manifest.
    """
    try:
        found = find_manifest(layout)
    except InputError as error:
        if not layout.manifest.exists():
            raise
        lost = Finding("manifest.json", f"{error.what} {error.value or ''}".strip())
        return {"files": {}, "ledger": []}, [lost, *findings_of(lambda: check_receipts(layout))]
    manifest = found.document
    checks = [
        lambda: _check_manifest(manifest, is_intact=found.is_intact),
        lambda: check_files(layout, manifest["files"]),
        lambda: check_runs(layout, manifest),
    ]
    if manifest.get("command") != "replay":  # a replay keeps no store of rows
        checks += [
            lambda: check_partitions(layout, manifest),
            lambda: _check_answer(layout, manifest),
        ]
    return manifest, findings_of(*checks)


def _check_manifest(manifest: Mapping[str, Any], *, is_intact: bool) -> Iterator[Finding]:
    if not is_intact:
        yield Finding("manifest.json", "its digest differs: it was changed after it was written")
    if manifest["status"] != "done":
        yield Finding("manifest.json", f"the run's status is {manifest['status']}")


def _check_answer(layout: OutputLayout, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Tables, roll-ups and sums are there, and of the partitions that they are said to cover."""
    is_old = "earlier_runs" not in manifest
    if manifest["status"] not in THROUGH or is_old or not manifest["partitions"]:
        return
    yield from check_listed(answer_files(layout, manifest), manifest["files"])
    for name, told in totals(manifest["partitions"]).items():
        if manifest[name] != told:
            yield Finding("manifest.json", f"{name} is not the sum over the partitions")
    for table in answer_tables(layout, manifest):
        parts = [Path(file.path) for file in table.files]
        if all(path.suffix == ".parquet" for path in parts):
            yield from _check_combined(layout, f"tables/{table.name}.parquet", parts)


def _check_combined(layout: OutputLayout, name: str, parts: list[Path]) -> Iterator[Finding]:
    try:
        rows = sum(row_count(layout, layout.relative(path)) for path in parts)
        combined = row_count(layout, name)
    except (OSError, pa.ArrowException):
        return  # told of by its digest
    if rows != combined:
        yield Finding(name, f"its parts hold {rows} rows, the file {combined}")
