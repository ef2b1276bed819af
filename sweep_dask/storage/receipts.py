"""What a finished partition left behind, so that a later run can keep it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.storage.atomic import file_digest, write_json

if TYPE_CHECKING:
    from sweep_dask.storage.layout import OutputLayout


@dataclass(frozen=True)
class PartitionReceipt:
    """Proof that a partition is complete; written last."""

    fingerprint: str
    """Digest of its rows, the model and what the model was told."""
    counts: dict[str, int]
    """Orders, sweeps, matches, steps and rows by table."""
    files: dict[str, str]
    """Path below the output folder to digest."""


def write_receipt(
    layout: OutputLayout, date: str, security: int, receipt: PartitionReceipt
) -> None:
    """Declare a partition complete."""
    write_json(layout.receipt(date, security), asdict(receipt))


def read_receipt(layout: OutputLayout, date: str, security: int) -> PartitionReceipt | None:
    """Receipt of an earlier run, if there is one that can be read."""
    path = layout.receipt(date, security)
    if not path.exists():
        return None
    try:
        return PartitionReceipt(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):  # half a disk, another version: the partition is redone
        return None


def is_whole(layout: OutputLayout, receipt: PartitionReceipt) -> bool:
    """Whether every file of the receipt is there with its digest."""
    paths = {layout.root / name: digest for name, digest in receipt.files.items()}
    return all(path.exists() and file_digest(path) == digest for path, digest in paths.items())


def withdraw_receipt(layout: OutputLayout, date: str, security: int) -> None:
    """Declare a partition unfinished and remove what it left."""
    receipt = read_receipt(layout, date, security)
    layout.receipt(date, security).unlink(missing_ok=True)
    for name in receipt.files if receipt is not None else ():
        Path(layout.root / name).unlink(missing_ok=True)
