"""`manifest.json`: what a run was, what it read, and what it left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from sweep_dask.errors import InputError
from sweep_dask.storage.atomic import file_digest, write_json
from sweep_dask.storage.leftovers import remove_unlisted, unlisted_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

FORMAT = 1

#: States of a run that has been through all of its partitions.
THROUGH = ("done", "partial")

#: What a manifest is checked by.
_NEEDED = {"status", "files", "ledger", "partitions"}


def write_manifest(layout: OutputLayout, document: Mapping[str, Any]) -> None:
    """Write the manifest of a run.

    An output folder holds one run. When a run is through, files that only the earlier manifest
    lists, and files among the results that no manifest lists, are removed: left beside new ones
    they would be taken for results of this run. When it is not, files of the earlier manifest are
    listed on, because the next run may keep them.
    """
    earlier = _listed_files(layout)
    files = dict(document["files"])
    for name in earlier.keys() - files.keys():
        if document["status"] in THROUGH:
            _remove(layout, layout.root / name)
        elif (layout.root / name).is_file():
            files[name] = earlier[name]
    if document["status"] in THROUGH:
        remove_unlisted(layout, files)
    replace_manifest(layout, {**document, "files": files})


def replace_manifest(layout: OutputLayout, document: Mapping[str, Any]) -> None:
    """Write a manifest and touch nothing else: a later run may have left files it resumes with."""
    write_json(layout.manifest, {"format": FORMAT, **document})


def _listed_files(layout: OutputLayout) -> dict[str, str]:
    try:
        files = dict(json.loads(layout.manifest.read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    root = layout.root.resolve()
    return {name: d for name, d in files.items() if (root / name).resolve().is_relative_to(root)}


def _remove(layout: OutputLayout, path: Path) -> None:
    """Remove a file, and folders that are empty then."""
    path.unlink(missing_ok=True)
    folder = path.parent
    while folder != layout.root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def read_manifest(layout: OutputLayout) -> dict[str, Any]:
    """The manifest of an output folder.

    Raises
    ------
    InputError
        There is none, or it cannot be read.
    """
    try:
        document = json.loads(layout.manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(layout, str(error)) from error
    if not isinstance(document, dict) or not document.keys() >= _NEEDED:
        raise _unreadable(layout, f"it lacks some of {', '.join(sorted(_NEEDED))}")
    return document


def _unreadable(layout: OutputLayout, reason: str) -> InputError:
    return InputError(
        "The output folder has no manifest that can be read.",
        where=str(layout.manifest),
        value=reason,
        cure="Name a folder that `sweep_dask run` wrote.",
    )


@dataclass(frozen=True)
class Finding:
    """Something an output folder does not hold as its manifest says."""

    where: str
    what: str


def verify_output(layout: OutputLayout) -> tuple[dict[str, Any], list[Finding]]:
    """Check an output folder against its manifest.

    Every file is there with its digest, no other files are among the results, the ledger balances
    file by file, and the rows a run kept are the rows in its partition store.

    Returns
    -------
    tuple
        The manifest, and what is wrong; nothing wrong is an empty list.
    """
    manifest = read_manifest(layout)
    findings = [
        *_check_files(layout, manifest["files"]),
        *_check_ledger(manifest["ledger"]),
    ]
    if manifest["status"] == "done":
        # A replay keeps no store of rows.
        if manifest.get("command") != "replay":
            findings += _check_kept_rows(layout, manifest)
    else:
        findings.append(Finding("manifest.json", f"the run's status is {manifest['status']}"))
    return manifest, findings


def _check_files(layout: OutputLayout, files: Mapping[str, str]) -> list[Finding]:
    findings = []
    for name, digest in files.items():
        path = layout.root / name
        if not path.is_file():
            findings.append(Finding(name, "the file is missing"))
        elif file_digest(path) != digest:
            findings.append(Finding(name, "the file's digest differs: it was changed"))
    unlisted = [layout.relative(path) for path in unlisted_files(layout, files)]
    return findings + [Finding(name, "not listed in the manifest") for name in unlisted]


def _check_ledger(ledger: Sequence[Mapping[str, Any]]) -> list[Finding]:
    findings = []
    for entry in ledger:
        placed = entry["kept"] + sum(entry["filtered"].values()) + sum(entry["rejected"].values())
        if entry["read"] != placed:
            what = f"{entry['read']} rows were read, {placed} are accounted for"
            findings.append(Finding(entry["file"], what))
    return findings


def _check_kept_rows(layout: OutputLayout, manifest: Mapping[str, Any]) -> list[Finding]:
    """Rows in the store against the ledger, for the tables whose rows lie in one partition."""
    stems = {"orders": "cp_orders_filtered", "trades": "cp_trades_matched", "nbbo": "nbbo"}
    findings = []
    for table, stem in stems.items():
        kept = sum(entry["kept"] for entry in manifest["ledger"] if entry["table"] == table)
        names = [n for n in manifest["files"] if n.endswith(f"/{stem}.parquet")]
        paths = [layout.root / name for name in names if (layout.root / name).is_file()]
        stored = sum(pq.read_metadata(path).num_rows for path in paths)
        if stored != kept:
            what = f"the ledger keeps {kept} rows of {table}, the store holds {stored}"
            findings.append(Finding(f"processed/*/*/{stem}.parquet", what))
    return findings
