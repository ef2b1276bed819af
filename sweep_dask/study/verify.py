"""The command `verify`: what the folder holds against what it says, and against itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import InputError
from sweep_dask.storage.manifest import MANIFEST, THROUGH, find_manifest, has_form
from sweep_dask.storage.no_follow import is_there
from sweep_dask.storage.verification import (
    NOT_LISTED,
    Fault,
    check_dated_rows,
    check_files,
    check_kept_rows,
    check_listed,
    check_partitions,
    check_receipts,
    check_runs,
    findings_of,
)
from sweep_dask.study.answer import answer_files
from sweep_dask.study.document import totals
from sweep_dask.study.made_again import (
    check_fidelity,
    check_report,
    check_sessions,
    check_tables,
    has_answer,
    has_tables,
)
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.storage.layout import OutputLayout


def verify_output(layout: OutputLayout) -> tuple[dict[str, Any], list[Fault]]:
    """Check an output folder against its manifest, receipts, rows and rejects.

    Returns the manifest, and everything that is wrong. An InputError if there is no manifest.
    """
    try:
        found = find_manifest(layout)
    except InputError as error:
        if not is_there(layout.manifest):
            raise
        lost = Fault("manifest.json", f"{error.what} {error.value or ''}".strip())
        return {"files": {}, "ledger": []}, [lost, *findings_of(lambda: check_receipts(layout))]
    manifest = found.document
    checks = [
        lambda: _check_manifest(manifest, is_intact=found.is_intact),
        lambda: check_files(layout, manifest["files"]),
        lambda: check_runs(layout, manifest),
        lambda: check_listed(_expected(layout, manifest), manifest["files"]),
    ]
    if manifest.get("command") != "replay":  # a replay keeps no store of rows
        checks += [
            lambda: check_partitions(layout, manifest),
            lambda: check_kept_rows(manifest),
            lambda: check_dated_rows(layout, manifest),
            lambda: _check_totals(manifest),
        ]
    findings = findings_of(*checks)
    if manifest["status"] in THROUGH:
        for check in (check_sessions, check_tables, check_fidelity, check_report):
            findings += findings_of(partial(check, layout, manifest, _unsound(findings)))
    return manifest, list(dict.fromkeys(findings))


def _unsound(findings: list[Fault]) -> set[str]:
    """Files that nothing can be made again from, or compared with."""
    return {finding.where for finding in findings if finding.what != NOT_LISTED} - {"manifest.json"}


def _check_manifest(manifest: Mapping[str, Any], *, is_intact: bool) -> Iterator[Fault]:
    if not is_intact:
        yield Fault("manifest.json", "its digest differs: it was changed after it was written")
    elif not has_form(manifest, MANIFEST):
        yield Fault("manifest.json", "it has not the form of one")
    if manifest["status"] != "done":
        yield Fault("manifest.json", f"the run's status is {manifest['status']}")


def _expected(layout: OutputLayout, manifest: Mapping[str, Any]) -> Iterator[str]:
    """What every run like this leaves besides its partitions."""
    if manifest["status"] not in THROUGH:
        return
    if manifest.get("has_logs", True):
        yield layout.relative(layout.run_log)
    if manifest["partitions"]:
        yield layout.relative(layout.report)
        # Those of another version are what its manifest lists.
        if has_tables(manifest) and manifest["version"] == VERSION:
            yield from answer_files(layout, manifest)


def _check_totals(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    if has_answer(manifest):
        for name, total in totals(manifest["partitions"]).items():
            if manifest[name] != total:
                yield Fault("manifest.json", f"{name} is not the sum over the partitions")
