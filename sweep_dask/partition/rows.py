"""The rows of one partition, merged from spill files, and the folder in which results wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from typing import TYPE_CHECKING, Self
from uuid import uuid4

import numpy as np

from sweep_dask.errors import UsageError
from sweep_dask.locations import is_object, location_of
from sweep_dask.partition.continuous import ContinuousTrading, trading_before
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.atomic import bytes_digest, file_digest, make_folders, write_bytes
from sweep_dask.storage.frames import parquet_bytes
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.merge import MergedRows, merge_rows, merged_before
from sweep_dask.storage.no_follow import read_regular, remove_tree
from sweep_dask.storage.objects import upload_folder
from sweep_dask.storage.partition_index import PARTITIONED
from sweep_dask.storage.receipts import read_receipt
from sweep_dask.terms.deal_sources import DARK
from sweep_dask.terms.files import ROW_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import numpy.typing as npt
    import pyarrow as pa

    from sweep_dask.partition.job import PartitionJob

_NO_FILES: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class RowsRead:
    """The rows of a partition."""

    merged: Mapping[str, MergedRows]
    """By table."""
    trading: ContinuousTrading
    files: Mapping[str, bytes] = field(default_factory=dict)
    """By table, the Parquet files that are to hold them; none of a table without rows."""
    fingerprint: str | None = None
    """Digest of them, the models and what the models are told."""

    @property
    def counts(self) -> dict[str, int]:
        """`orders_rows`, `trades_rows`, `nbbo_rows`."""
        return {f"{table}_rows": rows.count for table, rows in self.merged.items()}

    @property
    def removed(self) -> dict[int, dict[str, int]]:
        """Block to reason to rows filtered while merging."""
        blocks: dict[int, dict[str, int]] = {}
        for rows in self.merged.values():
            blocks |= rows.removed
        return blocks


class StagedFiles:
    """Results of one partition in a folder of this task alone, where they lie as in the output.

    As a context it is left to others at the end, and removed if the work fails.

    Raises FileNotFoundError: the run has ended.
    """

    def __init__(self, job: PartitionJob) -> None:
        self.key = Partition(job.source.date, job.source.security)
        name = f"{self.key.date}-{self.key.security}"
        self.folder = TaskFolder(location_of(job.scratch), name)
        self.layout = OutputLayout(self.folder.root)
        self.digests: dict[str, str] = {}
        """Path below the output folder to digest, in the order of writing."""
        make_folders(self.folder.base, self.folder.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.folder.leave(last=self.layout.relative(self.layout.receipt(*self.key)))
        elif isinstance(error, Exception):
            self.folder.discard()

    def write(self, path: Path, body: bytes) -> None:
        """Write a file and note its digest."""
        make_folders(self.layout.root, path.parent)
        self.digests[self.layout.relative(path)] = write_bytes(path, body)

    def write_table(self, path: Path, rows: pa.Table) -> None:
        """Write a table as Parquet and note its digest."""
        self.write(path, parquet_bytes(rows, path.stem))

    def note(self, path: Path) -> None:
        """Take a file that was written there into account."""
        self.digests[self.layout.relative(path)] = file_digest(path)


def merge_tables(
    job: PartitionJob,
    *,
    with_dark_trades: bool = False,
    files: Mapping[str, bytes] = _NO_FILES,
) -> dict[str, MergedRows]:
    """Orders, trades and quotes.

    `with_dark_trades`: whether trades of the Centre Point book stay although their order is not in
    the input.
    `files`: by table, Parquet files that hold the rows that merging would give.
    """
    scratch = location_of(job.scratch)
    merged: dict[str, MergedRows] = {}
    for table in PARTITIONED:
        if table in files:
            merged[table] = merged_before(scratch, files[table])
            continue
        merged[table] = merge_rows(
            scratch,
            job.source.ranges[table],
            BY_NAME[table],
            job.columns[table],
            job.source.day,
            keep=_TradesOf(merged, with_dark_trades) if table == "trades" else None,
        )
    return merged


def rows_before(job: PartitionJob) -> tuple[dict[str, bytes], ContinuousTrading]:
    """What an earlier run has left of a partition: its files of rows by table, and its trading.

    Raises UsageError: they are no longer what they were when the run began.
    """
    layout, source = OutputLayout(location_of(job.output)), job.source
    receipt = read_receipt(layout, source.date, source.security)
    folder = layout.processed(source.date, source.security)
    paths = {t: folder / f"{ROW_FILES[t]}.parquet" for t, rows in source.rows.items() if rows}
    files = {table: read_regular(path) for table, path in paths.items()}
    listed = {} if receipt is None else receipt.files
    are_listed = all(
        listed.get(layout.relative(paths[table])) == bytes_digest(body)
        for table, body in files.items()
    )
    if receipt is None or receipt.trading is None or not are_listed:
        raise UsageError(
            "Rows of an earlier run were changed while this one was about to read them.",
            where=layout.relative(folder),
            cure="Leave the folders of a run alone while it works. The same command reads the "
            "raw files again.",
        )
    return files, trading_before(receipt.trading)


class _TradesOf:
    """Which trades belong to the orders of the partition."""

    def __init__(self, merged: Mapping[str, MergedRows], with_dark_trades: bool) -> None:
        self._order_ids = merged["orders"].rows["order_id"].unique().to_numpy()
        self._deal_sources = DARK if with_dark_trades else ()

    def __call__(self, trades: pa.Table) -> npt.NDArray[np.bool_]:
        belongs = np.isin(trades["orderid"].to_numpy(), self._order_ids)
        if self._deal_sources and "dealsource" in trades.column_names:
            deal_source = trades["dealsource"].fill_null(0).to_numpy()
            belongs |= np.isin(deal_source, self._deal_sources)
        return belongs


class TaskFolder:
    """A folder of a task alone in which results lie as in the output.

    Two copies of a task, of which one was thought dead, have two. It is in the scratch folder of
    the run; if that is in an object store, on the disk of the worker until it is left.

    `name`: what the task works on.
    """

    def __init__(self, scratch: Path, name: str) -> None:
        self.left_at = scratch / "staged" / f"{name}-{uuid4().hex}"
        """Where others find it."""
        is_far = is_object(scratch)
        self.root = Path(mkdtemp(prefix="sweep-dask-")) if is_far else self.left_at
        """Where the task works."""
        self.base = self.root if is_far else scratch
        """What is there as long as the run is."""

    def leave(self, last: str | None = None) -> None:
        """Let others see it, of its files one after all others: the work is done."""
        if self.root != self.left_at:
            upload_folder(self.root, self.left_at, last)
            remove_tree(self.root)

    def discard(self) -> None:
        """Remove it."""
        remove_tree(self.root)
