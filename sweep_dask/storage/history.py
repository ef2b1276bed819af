"""What an output folder holds from earlier runs, and what stays of it beside a new one.

A manifest is of the folder, not of the last command: results of dates and securities that a run
does not name stay, with the run they are of. What is merged here are documents as `manifest.json`
holds them; nothing is changed on disk.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import InputError, UsageError
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import (
    EARLIER_REJECTS,
    REJECTS,
    RESULT_FOLDERS,
    TABLES_FOLDER,
    Partition,
    date_of,
    is_result,
    partition_of,
)
from sweep_dask.storage.manifest import RUNNING, THROUGH, read_manifest
from sweep_dask.storage.no_follow import is_file, kind_at
from sweep_dask.storage.receipts import own_names, read_receipt
from sweep_dask.terms.files import FIDELITY, RECEIPT
from sweep_dask.version import OTHER_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.receipts import PartitionReceipt

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

    Raises
    ------
    UsageError
        There are files where results go and no sound manifest that says whose they are.
    """
    if kind_at(layout.root, layout.manifest.name) is None:
        _require_no_results(layout)
        return Earlier()
    document = _sound(layout)
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
    covered = _is_covered(partition, document)
    return {**outcome, "run": document["run"], **partition, "covered": covered}


def _outcome(receipt: PartitionReceipt | None) -> Entry:
    outcome = (receipt and receipt.centre_point) or {}
    return {name: outcome.get(name, empty) for name, empty in _OUTCOME.items()}


def _sound(layout: OutputLayout) -> Entry:
    try:
        return read_manifest(layout)
    except InputError as error:
        raise _not_ours(layout, "its manifest.json is no sound one", error.value) from error


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
            run["superseded_rows"] = _added_rows(run.get("superseded_rows", {}), entry)


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


def with_earlier(document: Mapping[str, Any], earlier: Earlier) -> Entry:
    """The manifest of the folder after a run: what is new, and what stays.

    Parameters
    ----------
    document
        The manifest of the run alone, with its own partitions and files.

    Returns
    -------
    dict
        In `partitions` those that the run did not finish are `kept`, if the folder holds results
        of them; `covered` are those that tables, roll-ups and report are made of: what the models
        were told is what this run told them.
    """
    mine = {Partition(p["date"], p["security"]): p for p in document["partitions"]}
    finished = {key for key, entry in mine.items() if entry["state"] != "failed"}
    staying = {key: p for key, p in earlier.partitions.items() if key not in finished}
    entries = {key: _as_kept(entry) for key, entry in staying.items()} | mine
    for key in mine.keys() & staying.keys():
        # It failed; what an earlier run made of it, if that did not fail, is still there.
        owner = _owner(staying[key])
        entries[key] = mine[key] | ({} if owner is None else {"earlier_run": owner})
    runs = _live_runs(document, earlier, entries, finished)
    stays = _Stays(
        frozenset(staying),
        # Rows of a date are those of the last run that was about it.
        frozenset(key.date for key in staying) - {key.date for key in mine},
        frozenset(run["run"] for run in runs),
        document["status"] in THROUGH,
        bool(document.get("pieces")),
    )
    moved = moved_rejects(runs, earlier)
    files = {
        moved.get(name, name): digest
        for name, digest in earlier.files.items()
        if name in moved or stays.in_folder(name)
    }
    return {
        **document,
        "partitions": [
            {**entry, "covered": _is_covered(entry, document)}
            for _, entry in sorted(entries.items())
        ],
        "earlier_runs": runs,
        "pieces": _pieces(document, earlier),
        "files": dict(sorted((files | document["files"]).items())),
    }


def _pieces(document: Mapping[str, Any], earlier: Earlier) -> dict[str, str]:
    """Those of the run or, as long as its tables are not made, of the tables that are there."""
    if document.get("pieces") or document["status"] in THROUGH or earlier.document is None:
        return dict(document.get("pieces", {}))
    return dict(earlier.document.get("pieces", {}))


def _as_kept(entry: Entry) -> Entry:
    return entry if entry["state"] == "failed" else {**entry, "state": "kept"}


def _is_covered(entry: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    # The first manifests had no signatures: theirs were of one run, and all in its tables.
    has_signature = entry.get("signature") == document.get("signature")
    is_readable = document.get("version") not in OTHER_TABLES
    return bool(entry["state"] != "failed" and has_signature and is_readable)


def _live_runs(
    document: Mapping[str, Any],
    earlier: Earlier,
    entries: Mapping[Partition, Entry],
    finished: Iterable[Partition],
) -> list[Entry]:
    """Earlier runs of which the folder holds results, and how many of their rows it does not."""
    runs = {run: dict(entry) for run, entry in earlier.runs.items() if run != document["run"]}
    for key in {*finished, *(key for key, entry in entries.items() if "earlier_run" in entry)}:
        # What another run took over, or tried to, no longer counts as rows of the first.
        taken_over = earlier.partitions.get(key)
        run = runs.get(taken_over["run"]) if taken_over else None
        if taken_over and run is not None:
            run["superseded_rows"] = _added_rows(run.get("superseded_rows", {}), taken_over)
    live = _live(entries.values())
    found = [entry for run, entry in runs.items() if run in live]
    for entry in found:
        if entry.get("rejects", REJECTS) == REJECTS and not _is_same_input(entry, document):
            entry["rejects"] = f"{EARLIER_REJECTS}/{entry['run']}"
    return found


def _owner(entry: Entry) -> str | None:
    """The run whose results of a partition are there; None if there are none."""
    owner: str | None = entry.get("earlier_run") if entry["state"] == "failed" else entry["run"]
    return owner


def _live(entries: Iterable[Entry]) -> set[str | None]:
    """Runs of which a folder with these partitions tells something."""
    return {run for entry in entries for run in (entry.get("run"), _owner(entry))}


def _is_same_input(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("input", "inputs"))


def moved_rejects(runs: Iterable[Entry], earlier: Earlier) -> dict[str, str]:
    """Old to new names of rejected rows of earlier runs that make way for those of a new one."""
    names = [name for name in earlier.files if name.rpartition("/")[0] == REJECTS]
    moves: dict[str, str] = {}
    for run in runs:
        before = earlier.runs[run["run"]].get("rejects", REJECTS)
        if before == REJECTS != run.get("rejects", REJECTS):
            moves |= {name: f"{run['rejects']}{name.removeprefix(REJECTS)}" for name in names}
    return moves


def _added_rows(rows: Mapping[str, int], partition: Entry) -> dict[str, int]:
    counts = partition.get("counts", {})
    return {table: rows.get(table, 0) + counts.get(f"{table}_rows", 0) for table in _COUNTED}


@dataclass(frozen=True)
class _Stays:
    """Which files of earlier runs stay."""

    partitions: frozenset[Partition]
    dates: frozenset[str]
    runs: frozenset[str]
    is_through: bool
    has_tables: bool = True
    """Whether tables have been made, which take the place of all earlier ones."""

    def in_folder(self, name: str) -> bool:
        partition = partition_of(name)
        if partition is not None:
            return partition in self.partitions
        if name.startswith(f"{EARLIER_REJECTS}/"):
            return name.split("/")[2] in self.runs
        date = date_of(name)
        if date is not None:
            return date in self.dates
        if name.startswith(f"{TABLES_FOLDER}/") or name == FIDELITY:
            return not (self.is_through or self.has_tables)
        # The report is made anew by a run that comes to its end, and only by that.
        return not self.is_through


def without_partitions(earlier: Earlier, named: Iterable[Partition]) -> Entry:
    """The manifest of a folder from which the results of some partitions are gone.

    Tables and report are not among its files: they are to be made anew of what is left. If nothing
    is left of the last run, the one before it takes its place, with its settings.
    """
    assert earlier.document is not None
    document = {k: v for k, v in earlier.document.items() if k not in ("placing", "digest")}
    gone = frozenset(named)
    left = {key: entry for key, entry in earlier.partitions.items() if key not in gone}
    runs = {run: dict(entry) for run, entry in earlier.runs.items()}
    for key in gone & earlier.partitions.keys():
        entry = earlier.partitions[key]
        run = runs.get(entry["run"])
        if run is not None:
            run["superseded_rows"] = _added_rows(run.get("superseded_rows", {}), entry)
    # Of a folder without partitions there still is the last run to tell of.
    live = _live(left.values()) or {document["run"]}
    found = [entry for run, entry in runs.items() if run in live]
    is_last_live = document["run"] in live
    document |= found[0] | {"status": document["status"]}
    if not is_last_live:
        document["has_logs"] = False
        document["ingest"] = found[0].get("ingest")
        document["signature"] = _signature_of(document["run"], left.values())
    stays = _Stays(
        frozenset(left),
        frozenset(key.date for key in left),
        frozenset(run["run"] for run in found),
        is_through=True,
    )
    return {
        **document,
        "partitions": [
            {**entry, "covered": _is_covered(entry, document)} for _, entry in sorted(left.items())
        ],
        "earlier_runs": found[1:],
        "pieces": {},
        "files": {
            name: digest
            for name, digest in earlier.files.items()
            if stays.in_folder(name) or (is_last_live and _is_of_last_run(name))
        },
    }


def _signature_of(run: str, left: Iterable[Entry]) -> str | None:
    """Of the partitions of a run."""
    return next((entry.get("signature") for entry in left if _owner(entry) == run), None)


def _is_of_last_run(name: str) -> bool:
    """Rejected rows and logs, which tell of the input, not of partitions."""
    return name.startswith((f"{REJECTS}/", "logs/")) and not name.startswith(EARLIER_REJECTS)
