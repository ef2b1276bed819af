"""The manifest of an output folder: what stays of earlier commands beside a new one.

A manifest is of the folder, not of the last command: results of dates and securities that a run
does not name stay, with the run they are of. What is merged here are documents as `manifest.json`
holds them; nothing is changed on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.storage.earlier import Earlier, Entry, added_rows, is_covered
from sweep_dask.storage.layout import (
    EARLIER_REJECTS,
    REJECTS,
    TABLES_FOLDER,
    Partition,
    date_of,
    partition_of,
)
from sweep_dask.storage.manifest import THROUGH
from sweep_dask.terms.files import FIDELITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def with_earlier(document: Mapping[str, Any], earlier: Earlier) -> Entry:
    """The manifest of the folder after a run: what is new, and what stays.

    `document`: the manifest of the run alone, with its own partitions and files.
    Of its `partitions` those that the run did not finish are `kept`, if the folder holds
    results of them; `covered` are those that tables, roll-ups and report are made of: what the
    models were told is what this run told them.
    """
    mine = {Partition(p["date"], p["security"]): p for p in document["partitions"]}
    finished = {key for key, entry in mine.items() if entry["state"] != "failed"}
    staying = {key: p for key, p in earlier.partitions.items() if key not in finished}
    kept = {
        key: p if p["state"] == "failed" else {**p, "state": "kept"} for key, p in staying.items()
    }
    entries = kept | mine
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
            {**entry, "covered": is_covered(entry, document)}
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
            run["superseded_rows"] = added_rows(run.get("superseded_rows", {}), taken_over)
    live = _live(entries.values())
    found = [entry for run, entry in runs.items() if run in live]
    for entry in found:
        if entry.get("rejects", REJECTS) == REJECTS and any(
            entry[name] != document[name] for name in ("input", "inputs")
        ):
            entry["rejects"] = f"{EARLIER_REJECTS}/{entry['run']}"
    return found


def _owner(entry: Entry) -> str | None:
    """The run whose results of a partition are there; None if there are none."""
    owner: str | None = entry.get("earlier_run") if entry["state"] == "failed" else entry["run"]
    return owner


def _live(entries: Iterable[Entry]) -> set[str | None]:
    """Runs of which a folder with these partitions tells something."""
    return {run for entry in entries for run in (entry.get("run"), _owner(entry))}


def moved_rejects(runs: Iterable[Entry], earlier: Earlier) -> dict[str, str]:
    """Old to new names of rejected rows of earlier runs that make way for those of a new one."""
    names = [name for name in earlier.files if name.rpartition("/")[0] == REJECTS]
    moves: dict[str, str] = {}
    for run in runs:
        before = earlier.runs[run["run"]].get("rejects", REJECTS)
        if before == REJECTS != run.get("rejects", REJECTS):
            moves |= {name: f"{run['rejects']}{name.removeprefix(REJECTS)}" for name in names}
    return moves


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
            run["superseded_rows"] = added_rows(run.get("superseded_rows", {}), entry)
    # Of a folder without partitions there still is the last run to tell of.
    live = _live(left.values()) or {document["run"]}
    found = [entry for run, entry in runs.items() if run in live]
    is_last_live = document["run"] in live
    document |= found[0] | {"status": document["status"]}
    if not is_last_live:
        document["has_logs"] = False
        document["ingest"] = found[0].get("ingest")
        signatures = (p.get("signature") for p in left.values() if _owner(p) == document["run"])
        document["signature"] = next(signatures, None)
    stays = _Stays(
        frozenset(left),
        frozenset(key.date for key in left),
        frozenset(run["run"] for run in found),
        is_through=True,
    )
    return {
        **document,
        "partitions": [
            {**entry, "covered": is_covered(entry, document)} for _, entry in sorted(left.items())
        ],
        "earlier_runs": found[1:],
        "pieces": {},
        "files": {
            name: digest
            for name, digest in earlier.files.items()
            if stays.in_folder(name) or (is_last_live and _is_of_last_run(name))
        },
    }


def _is_of_last_run(name: str) -> bool:
    """Rejected rows and logs, which tell of the input, not of partitions."""
    return name.startswith((f"{REJECTS}/", "logs/")) and not name.startswith(EARLIER_REJECTS)
