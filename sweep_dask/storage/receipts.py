"""What a finished partition left behind, so that a later run can keep it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.storage.atomic import file_digest, remove_files, write_json
from sweep_dask.storage.frames import bytes_digest

if TYPE_CHECKING:
    from sweep_dask.storage.layout import OutputLayout


@dataclass(frozen=True)
class PartitionReceipt:
    """Proof that a partition is complete; written last."""

    fingerprint: str
    """Digest of its rows, the models and what the models were told."""
    counts: dict[str, int]
    """Orders, sweeps, matches, steps and rows by table."""
    files: dict[str, str]
    """Path below the output folder to digest."""
    centre_point: dict[str, Any] | None = None
    """The outcome of the Centre Point model, if it was run."""


def write_receipt(
    layout: OutputLayout, date: str, security: int, receipt: PartitionReceipt
) -> None:
    """Declare a partition complete."""
    write_json(
        layout.receipt(date, security), {**asdict(receipt), "digest": _content_digest(receipt)}
    )


def _content_digest(receipt: PartitionReceipt) -> str:
    return bytes_digest(json.dumps(asdict(receipt), sort_keys=True).encode())


def read_receipt(layout: OutputLayout, date: str, security: int) -> PartitionReceipt | None:
    """Receipt of an earlier run, if there is one, and undamaged."""
    path = layout.receipt(date, security)
    if not path.exists():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        digest = document.pop("digest")
        receipt = PartitionReceipt(**document)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None  # half a disk, another version: the partition is redone
    return receipt if digest == _content_digest(receipt) else None


def is_whole(layout: OutputLayout, receipt: PartitionReceipt) -> bool:
    """Whether every file of the receipt is there with its digest."""
    paths = {layout.root / name: digest for name, digest in receipt.files.items()}
    return all(path.is_file() and file_digest(path) == digest for path, digest in paths.items())


def withdraw_receipt(layout: OutputLayout, date: str, security: int) -> None:
    """Declare a partition unfinished and remove what it left, listed in a receipt or not."""
    layout.receipt(date, security).unlink(missing_ok=True)
    remove_files(layout.processed(date, security))
    remove_files(layout.outputs(date, security))
