"""What an output folder holds from earlier commands, as its manifest and receipts tell."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import InputError, UsageError
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import (
    REJECTS,
    RESULT_FOLDERS,
    Partition,
    date_of,
    is_result,
    partition_of,
)
from sweep_dask.storage.manifest import RUNNING, THROUGH, read_manifest
from sweep_dask.storage.no_follow import is_file, kind_at
from sweep_dask.storage.receipts import own_names, read_receipt
from sweep_dask.terms.files import RECEIPT
from sweep_dask.version import OTHER_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.receipts import PartitionReceipt

#: A document of the manifest, or of a part of it.
Entry = dict[str, Any]

#: What is kept of an earlier run as long as the folder holds results of it.
_OF_RUN = (
    *("run", "version", "command", "started", "status", "input", "sample", "settings", "inputs"),
    *("ingest", "ledger", "order_columns", "rejects", "superseded_rows", "checks"),
)

#: The tables whose rows are counted in partitions.
_COUNTED = ("orders", "trades", "nbbo")

#: What a receipt says of the Centre Point model, and what it is without it.
_OUTCOME: dict[str, Any] = {"left_out": {}, "gaps": [], "scenarios": {}}

#: The run of a manifest that does not name it.
_FIRST_RUN = "first"


@dataclass
class Earlier:
    """What the folder held before the run that works in it now."""

    document: Entry | None = None
    """Its manifest; None in a folder without one."""
    partitions: dict[Partition, Entry] = field(default_factory=dict)
    """As in a manifest."""
    files: dict[str, str] = field(default_factory=dict)
    """Name to digest of everything that is listed."""
    placing: tuple[str, ...] = ()
    """Names where a run that was killed may have put results."""

    @property
    def names(self) -> set[str]:
        """Everything that is ours, if it is there."""
        return {*self.files, *self.placing}

    @property
    def runs(self) -> dict[str, Entry]:
        """The last run and those before it of which there still are results, newest first."""
        if self.document is None:
            return {}
        last = {name: self.document[name] for name in _OF_RUN if name in self.document}
        return {run["run"]: run for run in (last, *self.document.get("earlier_runs", ()))}


def read_earlier(layout: OutputLayout) -> Earlier:
    """What the folder holds.

    Raises UsageError: there are files where results go and no sound manifest that says whose they
    are.
    """
    if kind_at(layout.root, layout.manifest.name) is None:
        _require_no_results(layout)
        return Earlier()
    try:
        document = read_manifest(layout)
    except InputError as error:
        raise _not_ours(layout, "its manifest.json is no sound one", error.value) from error
    was_cut_off = document["status"] not in THROUGH
    if document["status"] == RUNNING:
        # Else the folder would not be ours now. A command that only removes tells how it was.
        document["status"] = document.pop("status_before", "interrupted")
    document.setdefault("run", _FIRST_RUN)
    earlier = Earlier(
        document,
        {
            Partition(p["date"], p["security"]): _entry(layout, p, document)
            for p in document["partitions"]
        },
        {name: digest for name, digest in document["files"].items() if is_result(name)},
        tuple(filter(is_result, document.get("placing", ()))),
    )
    if was_cut_off and document.get("command") != "replay":  # it has no receipts
        _add_unlisted(layout, earlier)
        # So that nothing is taken out, and counted as that, a second time.
        document["partitions"] = [entry for _, entry in sorted(earlier.partitions.items())]
        document |= {"files": earlier.files, "placing": list(earlier.placing)}
    return earlier


def _entry(layout: OutputLayout, partition: Entry, document: Entry) -> Entry:
    """A partition as a manifest has it today; the first ones left more to receipts."""
    outcome = {}
    if not partition.keys() >= _OUTCOME.keys():
        receipt = read_receipt(layout, partition["date"], partition["security"])
        outcome = _outcome(receipt)
    covered = is_covered(partition, document)
    return {**outcome, "run": document["run"], **partition, "covered": covered}


def _outcome(receipt: PartitionReceipt | None) -> Entry:
    outcome = (receipt and receipt.centre_point) or {}
    return {name: outcome.get(name, empty) for name, empty in _OUTCOME.items()}


def _require_no_results(layout: OutputLayout) -> None:
    found = [layout.report.name] if layout.report.exists() else []
    for name in RESULT_FOLDERS:
        folder = layout.root / name
        found += [f"{name}/"] if folder.is_dir() and any(folder.iterdir()) else []
    if found:
        raise _not_ours(layout, "there is no manifest.json", ", ".join(found))


def _not_ours(layout: OutputLayout, why: str, found: object = None) -> UsageError:
    return UsageError(
        f"The output folder holds files that may not be of sweep_dask: {why}.",
        where=str(layout.root),
        value=found,
        cure="Name another folder with --output, or move away manifest.json, report.html and "
        f"the folders {', '.join(RESULT_FOLDERS)}.",
    )


def _add_unlisted(layout: OutputLayout, earlier: Earlier) -> None:
    """Of a command that was cut off: its partitions that are whole, and none that is not."""
    assert earlier.document is not None
    _read_again(layout, earlier)
    whole: set[Partition] = set()
    listed = defaultdict(list)
    for file in earlier.files:
        listed[partition_of(file)].append(file)
    for path in layout.root.glob(f"processed/*/*/{RECEIPT}"):
        name = layout.relative(path)
        key = partition_of(name)
        receipt = None if key is None else read_receipt(layout, *key)
        if key is None or receipt is None:
            continue
        placed = receipt.files | {name: file_digest(path)}
        is_listed = key in earlier.partitions and placed.items() <= earlier.files.items()
        if is_listed and all(is_file(layout.root, file) for file in receipt.files):
            whole.add(key)
            continue
        there = own_names(layout, receipt)
        if len(there) < len(receipt.files):
            earlier.placing += (name, *there)
            continue
        whole.add(key)
        # What its receipt does not list it has taken the place of.
        replaced = [file for file in listed[key] if file not in placed]
        earlier.placing += tuple(replaced)
        for file in replaced:
            del earlier.files[file]
        earlier.files |= placed
        _take_out(earlier, key)
        earlier.partitions[key] = _entry_of(layout, key, receipt, earlier.document)
    for key in [key for key, p in earlier.partitions.items() if p["state"] != "failed"]:
        if key not in whole:
            _take_out(earlier, key)


def _read_again(layout: OutputLayout, earlier: Earlier) -> None:
    """Rows that a killed run may have put in place, or not, are listed as they are."""
    for name in earlier.files.keys() & set(earlier.placing):
        is_rows = date_of(name) is not None or name.startswith(f"{REJECTS}/")
        if partition_of(name) is None and is_rows:
            del earlier.files[name]
            if is_file(layout.root, name):
                earlier.files[name] = file_digest(layout.root / name)


def _take_out(earlier: Earlier, key: Partition) -> None:
    """A partition that is no more: its rows are no longer counted as its run's."""
    assert earlier.document is not None
    entry = earlier.partitions.pop(key, None)
    for run in (earlier.document, *earlier.document.get("earlier_runs", ())):
        if entry is not None and run["run"] == entry["run"]:
            run["superseded_rows"] = added_rows(run.get("superseded_rows", {}), entry)


def _entry_of(
    layout: OutputLayout, key: Partition, receipt: PartitionReceipt, document: Entry
) -> Entry:
    """A partition as in a manifest, as far as its receipt tells."""
    entry = {
        "date": key.date,
        "security": key.security,
        "state": "computed",
        "seconds": 0.0,
        "fingerprint": receipt.fingerprint,
        "reason": None,
        "counts": receipt.counts,
        **_outcome(receipt),
        "signature": receipt.signature,
    }
    return _entry(layout, entry, document)


def is_covered(entry: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether tables, roll-ups and report of a run are made of this partition, too."""
    # The first manifests had no signatures: theirs were of one run, and all in its tables.
    has_signature = entry.get("signature") == document.get("signature")
    is_readable = document.get("version") not in OTHER_TABLES
    return bool(entry["state"] != "failed" and has_signature and is_readable)


def added_rows(rows: Mapping[str, int], partition: Entry) -> dict[str, int]:
    """Rows by table, and those of a partition besides."""
    counts = partition.get("counts", {})
    return {table: rows.get(table, 0) + counts.get(f"{table}_rows", 0) for table in _COUNTED}
