"""The explanation of an order: as text, as a JSON document, and for a notebook."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import InputError
from sweep_dask.explain.day import read_day
from sweep_dask.explain.files import Files, partitions_with
from sweep_dask.explain.local_time import with_local_times
from sweep_dask.explain.records import Choice
from sweep_dask.explain.text import told
from sweep_dask.explain.unknown import other_date, unknown_order
from sweep_dask.storage.manifest import RUNNING, read_manifest
from sweep_dask.storage.receipts import read_receipt
from sweep_dask.version import OTHER_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweep_dask.explain.records import OrderDay
    from sweep_dask.storage.layout import OutputLayout, Partition

#: A partition that is replaced while it is read is read again; one that is again is told.
_MOST_READS = 3


@dataclass(frozen=True, repr=False)
class Explanation:
    """An order's story on each date on which it is in the output."""

    layout: OutputLayout
    order_id: int
    days: tuple[OrderDay, ...]

    def to_dict(self) -> dict[str, Any]:
        """The document that `--json` prints.

        Ids, prices (`_x2`: doubled) and times (`_ns`: UTC) are whole numbers; beside a time stands
        what the clocks in Sydney showed, with its nine digits.
        """
        document: dict[str, Any] = with_local_times(
            {
                "order_id": self.order_id,
                "output": str(self.layout.root),
                "days": [asdict(day) for day in self.days],
            }
        )
        return document

    def __str__(self) -> str:
        return told(self.days)

    def __repr__(self) -> str:
        dates = ", ".join(day.date for day in self.days)
        kind = self.days[0].terms.kind
        return f"<Explanation of {kind} {self.order_id} on {dates}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the text, and the chart of a sweep."""
        from sweep_dask.explain.notebook import html

        return html(self)


def explain(layout: OutputLayout, order_id: int, dates: Sequence[str] = ()) -> Explanation:
    """What an output folder holds of an order.

    Parameters
    ----------
    dates
        Trading dates, ISO 8601; empty: every date on which it has rows.

    Raises
    ------
    UsageError
        No partition has the order, or not on these dates.
    InputError
        The folder holds no run, another version made it, or a file cannot be read.
    """
    manifest = _manifest(layout)
    files = Files(layout)
    partitions = partitions_with(files, order_id)
    if not partitions:
        raise unknown_order(files, manifest, order_id)
    chosen = [partition for partition in partitions if not dates or partition.date in dates]
    if not chosen:
        raise other_date(order_id, dates, partitions)
    days = tuple(_settled(files, partition, order_id, manifest) for partition in chosen)
    return Explanation(layout, order_id, days)


def _manifest(layout: OutputLayout) -> dict[str, Any]:
    manifest = read_manifest(layout)
    if manifest.get("command") == "replay":
        raise InputError(
            "The folder is that of a replay.",
            where=str(layout.root),
            cure=f"Name the folder around it, {layout.root.parent}, if it holds a run.",
        )
    if manifest.get("version") in OTHER_TABLES:
        raise InputError(
            "An earlier version made these results, with other names of columns or signs of costs.",
            where=str(layout.root),
            cure="Run the same command again: it makes them anew.",
        )
    return manifest


def _choice(layout: OutputLayout, partition: Partition, manifest: Mapping[str, Any]) -> Choice:
    """That of the run which made the partition's results; empty where no run says so."""
    receipt = read_receipt(layout, *partition)
    settings: Mapping[str, Any] = {}
    if (receipt and receipt.signature) == manifest.get("signature"):
        settings = manifest["settings"]
    else:
        entries = _entries(partition, manifest)
        makers = {entry.get("earlier_run", entry.get("run")) for entry in entries}
        for run in manifest.get("earlier_runs", ()):
            if run["run"] in makers:
                settings = run.get("settings", {})
    return Choice(*(settings.get(field.name, {}).get("value") for field in fields(Choice)))


def _entries(partition: Partition, manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What the manifest has of a partition: one entry, or none."""
    return [
        entry
        for entry in manifest["partitions"]
        if (entry["date"], entry["security"]) == tuple(partition)
    ]


def _settled(
    files: Files, partition: Partition, order_id: int, manifest: Mapping[str, Any]
) -> OrderDay:
    """The order in a partition that stayed what it was while it was read."""
    notes = tuple(_notes(partition, manifest))
    for _ in range(_MOST_READS):
        before = _receipt(files.layout, partition)
        try:
            choice = _choice(files.layout, partition, manifest)
            day = read_day(files, partition, order_id, choice, notes)
        except InputError:
            if _receipt(files.layout, partition) == before:
                raise
            continue
        if _receipt(files.layout, partition) == before:
            return day
    raise InputError(
        "A run is putting the order's partition in place.",
        where=str(files.layout.processed(*partition)),
        cure="Ask again in a moment.",
    )


def _receipt(layout: OutputLayout, partition: Partition) -> bytes | None:
    path = layout.receipt(*partition)
    return path.read_bytes() if path.exists() else None


def _notes(partition: Partition, manifest: Mapping[str, Any]) -> Iterator[str]:
    """What to know about the state of a partition."""
    if manifest["status"] == RUNNING:
        yield "A run is at work in this folder, or was killed there: what is told is finished."
    entries = _entries(partition, manifest)
    if not entries:
        yield "The manifest does not list this partition yet."
    for entry in entries:
        if entry.get("state") == "failed":
            yield (
                f"The last run failed on this partition ({entry['reason']}): what is told is of an "
                "earlier one."
            )
        elif not entry.get("covered", True):
            yield (
                "Tables and report do not cover this partition: it is of a run with other settings."
            )
