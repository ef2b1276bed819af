"""Raw files to spill files: a `dask.dataframe` whose partitions are blocks of the input."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask
import dask.dataframe as dd
import numpy as np

from sweep_dask.analysis.data_checks.tally import Tally
from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.dataflow.progress import Progress, counted, stage_label
from sweep_dask.errors import InputError, ResourceError
from sweep_dask.storage.ingest import BlockReceipt, ingest_block, read_receipt
from sweep_dask.storage.spill import index_frame, index_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from distributed import Client

    from sweep_dask.market.ticks import TickTable
    from sweep_dask.storage.blocks import Block
    from sweep_dask.storage.spill import Index

#: Stage of each table; session, reference and participants are one.
STAGE_OF_TABLE = {
    "orders": 1,
    "trades": 2,
    "nbbo": 4,
    "session": 5,
    "reference": 5,
    "participants": 5,
}


@dataclass(frozen=True)
class Ingested:
    """What ingest left in the scratch folder."""

    index: Index
    """Which rows of which spill file belong to which partition."""
    receipts: list[BlockReceipt]
    """By block number."""
    tally: Tally
    """Sums of all rows, for the checks of the input."""


def block_frame(blocks: Sequence[Block], scratch: Path, ticks: TickTable) -> dd.DataFrame:
    """The input as a `dask.dataframe`, one partition a block.

    A partition's value is not its rows but the index of what they became: computing it reads,
    types, filters and spills the block's rows within the worker, and sends a few lines home.
    """
    frame: dd.DataFrame = dd.from_map(
        ingest_block, blocks, scratch=str(scratch), ticks=ticks, meta=index_frame(())
    )
    return frame


def ingest(
    client: Client | None,
    blocks: Sequence[Block],
    scratch: Path,
    ticks: TickTable,
    progress: Progress,
) -> Ingested:
    """Ingest all blocks.

    Raises
    ------
    InputError
        Files that cannot be read to their end; all of them are listed.
    ResourceError
        Workers died over a block.
    """
    indexes = [index_of(())]
    receipts: dict[int, BlockReceipt] = {}
    tally = Tally()
    stages = _Stages(blocks, progress)

    def done(position: int, index: pd.DataFrame) -> None:
        receipt = read_receipt(scratch, blocks[position].number)
        tally.add(Tally.from_json(receipt.tally))
        receipt.tally = {}  # added up, it is needed no more; of many blocks it would be a lot
        receipts[receipt.block] = receipt
        indexes.append(index_of([index]))
        stages.advance(receipt)

    def lost(position: int, reason: str) -> None:
        block = blocks[position]
        raise ResourceError(
            f"A block of {block.file.name} could not be read: {reason}.",
            where=f"{block.file.name}, from byte {block.start}",
            cure="Use a smaller --blocksize or fewer --workers.",
        )

    # An index has no texts to convert, and only for that would workers load `dask.dataframe`.
    with dask.config.set({"dataframe.convert-string": False}):
        tasks = block_frame(blocks, scratch, ticks).to_delayed()
    run_tasks(client, tasks, done, lost)
    ordered = [receipts[number] for number in sorted(receipts)]
    _refuse_unreadable(ordered)
    return Ingested(np.concatenate(indexes), ordered, tally)


class _Stages:
    """One step of progress for the blocks of each stage."""

    def __init__(self, blocks: Sequence[Block], progress: Progress) -> None:
        self._progress = progress
        self._open: dict[int, int] = defaultdict(int)
        for block in blocks:
            self._open[STAGE_OF_TABLE[block.file.table]] += 1
        self._receipts: dict[int, list[BlockReceipt]] = defaultdict(list)
        for stage in sorted(self._open):
            progress.start(stage_label(stage), self._open[stage], "blocks")

    def advance(self, receipt: BlockReceipt) -> None:
        stage = STAGE_OF_TABLE[receipt.table]
        self._receipts[stage].append(receipt)
        self._progress.advance(stage_label(stage))
        self._open[stage] -= 1
        if self._open[stage] == 0:
            done = self._receipts[stage]
            read, rows = sum(r.n_read for r in done), sum(r.n_rows for r in done)
            outcome = f"{counted(len(done), 'block')}, {read:,} rows read, {rows:,} usable"
            self._progress.finish(stage_label(stage), outcome)


def _refuse_unreadable(receipts: Sequence[BlockReceipt]) -> None:
    errors = {receipt.file: receipt.error for receipt in receipts if receipt.error is not None}
    if errors:
        raise InputError(
            f"{len(errors)} file{'s' * (len(errors) > 1)} cannot be read to the end.",
            where="; ".join(f"{file}: {error}" for file, error in errors.items()),
            cure="Fetch them again, or remove them from the input folder.",
        )
