"""Raw files to spill files: a `dask.dataframe` whose partitions are blocks of the input.

How large the blocks still to be read are follows from the memory that the ones before took.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from contextvars import Context
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import dask
import numpy as np

from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.dataflow.listeners import Done
from sweep_dask.errors import InputError, ResourceError
from sweep_dask.memory import MINIMUM_BLOCKSIZE_BYTES, format_bytes
from sweep_dask.storage.blocks import recut
from sweep_dask.storage.ingest import BlockStats, ingest_block, read_block_stats
from sweep_dask.storage.spill import index_frame, index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import dask.dataframe as dd
    import pandas as pd
    from dask.delayed import Delayed
    from distributed import Client

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.dataflow.listeners import Events
    from sweep_dask.market.ticks import TickTable
    from sweep_dask.storage.blocks import Block
    from sweep_dask.storage.spill import SpillIndex

logger = logging.getLogger(__name__)

#: Blocks for each worker in the first wave; every wave has twice as many, up to the other, while
#: their size stays. At the end of one workers wait for each other: that is to be seldom. Arbitrary.
FIRST_WAVE = 2
LARGEST_WAVE = 16

_CHANGED = "blocks to come have %s: a worker took %.0f %% of its memory limit for one"

#: Share of a worker's memory limit from which blocks are halved: the next one may be unlike the
#: ones before. Below the other, for so many waves, they grow again. At this fraction of the planned
#: size they stay: what takes memory then is not the block. All are arbitrary.
NEAR_LIMIT = 0.7
FAR_FROM_LIMIT = 0.4
CALM_WAVES = 2
SMALLEST_FRACTION = 8


@dataclass(frozen=True)
class Ingested:
    """What ingest left in the scratch folder."""

    index: SpillIndex
    """Which rows of which spill file belong to which partition."""
    block_stats: list[BlockStats]
    """By block number."""
    size_changes: list[BlockSizeChange]
    """In their order; mostly none."""


def block_frame(blocks: Sequence[Block], scratch: Path, ticks: TickTable) -> dd.DataFrame:
    """Blocks of a table as a `dask.dataframe`, one partition a block.

    A partition's value is not its rows but the index of what they became: computing it reads,
    types, filters and spills the block's rows within the worker, and sends a few lines home.
    """
    # Half a second that commands which read no input can do without.
    from dask.dataframe import from_map

    frame: dd.DataFrame = from_map(
        ingest_block,
        blocks,
        scratch=str(scratch),
        ticks=ticks,
        meta=index_frame(()),
        label=f"ingest_{blocks[0].file.table}",
    )
    return frame


def ingest(
    workers: Workers,
    blocks: Sequence[Block],
    scratch: Path,
    ticks: TickTable,
    labels: Mapping[str, str],
    events: Events,
    on_block: Callable[[BlockStats], None],
) -> Ingested:
    """Ingest all blocks, in waves: between two of them the size of those to come can change.

    `blocks`: as planned.
    `labels`: by table, the stage that reads it.
    `on_block`: called with that of each block as it comes; to take from it what is large.
    Raises InputError: files that cannot be read to their end; all of them are listed.
    Raises ResourceError: workers died over a block.
    """
    planned_bytes = blocksize_bytes = blocks[0].batch_bytes
    indexes = [index_of(())]
    block_stats: dict[int, BlockStats] = {}
    changes: list[BlockSizeChange] = []
    shares: list[float] = []
    stages = _Stages(blocks, labels, events)

    def done(block: Block, stats: BlockStats, index: pd.DataFrame) -> None:
        on_block(stats)
        block_stats[stats.block] = stats
        indexes.append(index_of([index]))
        stages.advance(block, stats)
        shares[-1] = max(shares[-1], stats.held_memory_bytes / workers.task_memory_bytes)

    client = workers.client
    n_workers = 1 if client is None else len(client.nthreads())
    pending = blocks
    while pending:
        count = n_workers * min(FIRST_WAVE << len(shares), LARGEST_WAVE)
        wave, pending = pending[:count], pending[count:]
        shares.append(0.0)
        _run_wave(client, wave, scratch, ticks, done)
        size_bytes = next_blocksize(blocksize_bytes, planned_bytes, shares)
        if pending and size_bytes != blocksize_bytes:
            blocksize_bytes, before = size_bytes, pending
            pending = recut(pending, blocksize_bytes)
            changes.append(BlockSizeChange(pending[0].number, blocksize_bytes, shares[-1]))
            logger.info(_CHANGED, format_bytes(blocksize_bytes), 100 * shares[-1])
            stages.recount(before, pending)
            shares.clear()
    ordered = [block_stats[number] for number in sorted(block_stats)]
    _refuse_unreadable(ordered)
    return Ingested(np.concatenate(indexes), ordered, changes)


def _run_wave(
    client: Client | None,
    wave: Sequence[Block],
    scratch: Path,
    ticks: TickTable,
    on_done: Callable[[Block, BlockStats, pd.DataFrame], None],
) -> None:
    def done(position: int, index: pd.DataFrame) -> None:
        block = wave[position]
        on_done(block, read_block_stats(scratch, block.number), index)

    def lost(position: int, reason: str) -> None:
        block = wave[position]
        raise ResourceError(
            f"A block of {block.file.name} could not be read: {reason}.",
            where=f"{block.file.name}, from byte {block.start}",
            cure="Use a smaller --blocksize or fewer --workers.",
        )

    # An index has no texts to convert, and only for that would workers load `dask.dataframe`.
    with dask.config.set({"dataframe.convert-string": False}):
        # In a context without the span of the stage: frames would warn that they leave it to the
        # client, which heeds it.
        tasks = Context().run(_tasks_of, wave, scratch, ticks)
    run_tasks(client, tasks, done, lost)


def _tasks_of(wave: Sequence[Block], scratch: Path, ticks: TickTable) -> list[Delayed]:
    """In the order of blocks; a frame a table, which its tasks are named after."""
    by_table = groupby(wave, key=lambda block: block.file.table)
    frames = (block_frame([*blocks], scratch, ticks) for _, blocks in by_table)
    return [task for frame in frames for task in frame.to_delayed()]


class _Stages:
    """The stages that blocks are of, while they are read."""

    def __init__(self, blocks: Sequence[Block], labels: Mapping[str, str], events: Events) -> None:
        self._labels = labels
        self._events = events
        self._open = self._counted(blocks)
        self._stats: dict[str, list[BlockStats]] = defaultdict(list)
        sizes: Counter[str] = Counter()
        for block in blocks:
            sizes[labels[block.file.table]] += _size(block)
        for stage in dict.fromkeys(labels.values()):
            if stage in self._open:
                events.start(stage, self._open[stage], "blocks", sizes[stage], has_to_wait=True)

    def _counted(self, blocks: Sequence[Block]) -> Counter[str]:
        return Counter(self._labels[block.file.table] for block in blocks)

    def recount(self, before: Sequence[Block], after: Sequence[Block]) -> None:
        """Other blocks than before are still to be read."""
        more = self._counted(after)
        more.subtract(self._counted(before))
        for stage, count in more.items():
            self._open[stage] += count
            self._events.grow(stage, count)

    def advance(self, block: Block, stats: BlockStats) -> None:
        stage = self._labels[stats.table]
        self._stats[stage].append(stats)
        rejected = sum(stats.rejected.values())
        self._events.task_end(stage, Done(_size(block), stats.n_read, rejected))
        self._open[stage] -= 1
        if self._open[stage] == 0:
            done = self._stats[stage]
            read, rows = sum(r.n_read for r in done), sum(r.n_rows for r in done)
            self._events.end(stage, f"{rows:,} of {read:,} rows kept")


def _size(block: Block) -> int:
    """What reading a block takes, in bytes; in row groups of a Parquet file."""
    return block.end - block.start


def _refuse_unreadable(block_stats: Sequence[BlockStats]) -> None:
    errors = {stats.file: stats.error for stats in block_stats if stats.error is not None}
    if errors:
        raise InputError(
            f"{len(errors)} file{'s' * (len(errors) > 1)} cannot be read to the end.",
            where="; ".join(f"{file}: {error}" for file, error in errors.items()),
            cure="Fetch them again, or remove them from the input folder.",
        )


class BlockSizeChange(NamedTuple):
    """Blocks from one on had another size."""

    block: int
    """Number of the first one."""
    blocksize_bytes: int
    memory_share: float
    """Of the limit of a worker, the most that one took for a block before."""


def next_blocksize(blocksize_bytes: int, planned_bytes: int, shares: Sequence[float]) -> int:
    """The size of the next blocks, in bytes; never above the planned one.

    `blocksize_bytes`: the size of the last ones.
    `shares`: for each wave of this size, the last one last: the most that a worker took for a
    block, as a share of its memory limit.
    """
    smallest_bytes = max(
        planned_bytes // SMALLEST_FRACTION, min(planned_bytes, MINIMUM_BLOCKSIZE_BYTES)
    )
    if shares[-1] >= NEAR_LIMIT:
        return max(smallest_bytes, blocksize_bytes // 2)
    if len(shares) >= CALM_WAVES and max(shares[-CALM_WAVES:]) < FAR_FROM_LIMIT:
        return min(planned_bytes, 2 * blocksize_bytes)
    return blocksize_bytes
