"""What a finished partition left behind, so that a later run can keep it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.storage.atomic import bytes_digest, file_digest, write_json
from sweep_dask.storage.layout import Partition, partition_of
from sweep_dask.storage.manifest import RECEIPT, has_form
from sweep_dask.storage.no_follow import is_file, read_regular
from sweep_dask.terms.files import RECEIPT as RECEIPT_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.storage.layout import OutputLayout


@dataclass(frozen=True)
class PartitionReceipt:
    """Proof that a partition is complete, with its files; the last that a task writes of it."""

    fingerprint: str
    """Digest of its rows, the models and what the models were told."""
    counts: dict[str, int]
    """Orders, sweeps, matches, steps and rows by table."""
    files: dict[str, str]
    """Path below the output folder to digest."""
    centre_point: dict[str, Any] | None = None
    """The outcome of the Centre Point model, if it was run."""
    signature: str | None = None
    """Digest of what the models were told, the same for all partitions of a run."""
    trading: dict[str, Any] | None = None
    """When trading was continuous, and whether session rows say so; the first receipts lack it."""


def write_receipt(
    layout: OutputLayout, date: str, security: int, receipt: PartitionReceipt
) -> None:
    """Declare a partition complete."""
    document = asdict(receipt)
    write_json(layout.receipt(date, security), document | {"digest": _content_digest(document)})


def _content_digest(document: dict[str, Any]) -> str:
    return bytes_digest(json.dumps(document, sort_keys=True).encode())


def read_receipt(layout: OutputLayout, date: str, security: int) -> PartitionReceipt | None:
    """Receipt of an earlier run, if there is one, undamaged, and naming files of its partition."""
    try:
        document = json.loads(read_regular(layout.receipt(date, security)))
        if not has_form(document, RECEIPT):
            return None
        digest = document.pop("digest")
        receipt = PartitionReceipt(**document)
        is_own = all(partition_of(name) == Partition(date, security) for name in receipt.files)
    except (OSError, ValueError, TypeError, RecursionError):
        return None  # none, half a disk, another version: the partition is redone
    return receipt if is_own and digest == _content_digest(document) else None


def finished_partitions(layout: OutputLayout) -> list[Partition]:
    """Those whose results lie in the folder, by date and security, whatever run they are of.

    A run that is at work puts each in place as it is finished, its receipt first.
    """
    found = [
        Partition(receipt.parent.parent.name, int(receipt.parent.name))
        for receipt in (layout.root / "processed").glob(f"*/*/{RECEIPT_FILE}")
        if receipt.parent.name.isdecimal()
    ]
    return sorted(found)


def own_names(layout: OutputLayout, receipt: PartitionReceipt) -> list[str]:
    """Files of a receipt that are there as it lists them: others of these names are somebody's."""
    return [name for name, digest in receipt.files.items() if _is_there(layout, name, digest)]


def are_there(layout: OutputLayout, files: Mapping[str, str]) -> bool:
    """Whether files are there with their digests."""
    return all(_is_there(layout, name, digest) for name, digest in files.items())


def can_be_kept(layout: OutputLayout, files: Mapping[str, str]) -> bool:
    """Whether files are there with their digests, and can be read."""
    try:
        return are_there(layout, files)
    except OSError:
        return False


def _is_there(layout: OutputLayout, name: str, digest: str) -> bool:
    return is_file(layout.root, name) and file_digest(layout.root / name) == digest
