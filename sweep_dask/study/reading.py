"""Reading the input: raw files, or what an earlier run has left of them, and what they show."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.data_checks.findings import Finding
from sweep_dask.analysis.data_checks.tally import Tally
from sweep_dask.dataflow.execute import TaskLostError, gather
from sweep_dask.dataflow.ingest import ingest
from sweep_dask.errors import InputError
from sweep_dask.schema import TABLES
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.ingest import write_rejects
from sweep_dask.storage.inputs import require_unchanged
from sweep_dask.storage.layout import REJECTS
from sweep_dask.storage.ledger import Ledger
from sweep_dask.storage.parquet_files import open_parquet
from sweep_dask.storage.partition_index import PartitionIndex, build_partition_index
from sweep_dask.storage.processed import find_processed
from sweep_dask.storage.raw_files import input_digest
from sweep_dask.storage.receipts import can_be_kept
from sweep_dask.study.check import findings_on, look_before
from sweep_dask.study.selection import require_selected
from sweep_dask.terms import stages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.dataflow.ingest import BlockSizeChange, Ingested
    from sweep_dask.dataflow.listeners import Events
    from sweep_dask.settings import Settings
    from sweep_dask.storage.ingest import BlockStats
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.processed import Processed
    from sweep_dask.study.plan import Plan
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)

#: How many rejected rows an error message shows.
_SHOWN_ROWS = 5


@dataclass(frozen=True)
class InputRead:
    """What the input holds; its rows wait in the scratch folder or lie in the output folder."""

    digests: Mapping[str, str]
    """Name of a raw file to its digest."""
    ledger: Ledger
    """Rows that are in no partition still count as kept."""
    partition_index: PartitionIndex
    findings: list[Finding]
    """The gravest first; nobody has heeded them yet."""
    rejects: Sequence[Path]
    """Where rejected rows are listed, a file a table: staged, or in place."""
    files: Mapping[str, str]
    """Name to digest of results that belong to the whole input, staged or in place."""
    block_stats: Sequence[BlockStats] = ()
    block_sizes: Sequence[BlockSizeChange] = ()
    """Where blocks changed their size."""
    ingest: Mapping[str, Any] | None = None
    """The run that has read the raw files, as a manifest has it; None: this one has."""


def read_input(
    workers: Workers, plan: Plan, space: Workspace, document: Mapping[str, Any], events: Events
) -> InputRead:
    """Spill all rows and stage `rejects/`; or take what an earlier run has left of the same files.

    Parameters
    ----------
    document
        The manifest of this run as far as it is known.

    Raises
    ------
    InputError
        Files cannot be read, or the input changed meanwhile.
    UsageError
        A file of somebody else stands where rejected rows belong.
    """
    with _unchanged(plan):
        written = look_before(plan)
        digests: dict[str, str] = {}
        processed = None if plan.settings.fresh else find_processed(space.earlier, document)
        if processed is not None:
            digests = _input_digests(workers, plan)
            processed = _proven(workers, space, document, digests)
        if processed is None:
            tally = Tally()

            def count(stats: BlockStats) -> None:
                tally.add(Tally.from_json(stats.tally))
                stats.tally = {}  # added up, it is needed no more; of many blocks it is a lot

            given = (plan.blocks, space.scratch, plan.book.ticks)
            ingested = ingest(workers, *given, stages.INGEST, events, count)
            digests = digests or _input_digests(workers, plan)
    if processed is not None:
        return _of_earlier(processed, digests, space.layout, events)
    return _of_files(ingested, findings_on(tally, written), digests, plan, space)


@contextmanager
def _unchanged(plan: Plan) -> Iterator[None]:
    """Refuse an input that changes meanwhile; what else is seen in it may come of that."""
    try:
        yield
    except InputError:
        require_unchanged(plan.inputs.discovery)
        raise
    require_unchanged(plan.inputs.discovery)


def _input_digests(workers: Workers, plan: Plan) -> dict[str, str]:
    names = [file.name for file in plan.inputs.files]
    what = [f"The digest of {name}" for name in names]
    digests = gather(workers, input_digest, ((file,) for file in plan.inputs.files), what)
    return dict(zip(names, digests, strict=True))


def _proven(
    workers: Workers, space: Workspace, document: Mapping[str, Any], digests: Mapping[str, str]
) -> Processed | None:
    """What the run can start from: nothing is believed that digests do not prove."""
    inputs = [file | {"digest": digests[file["file"]]} for file in document["inputs"]]
    processed = find_processed(space.earlier, {**document, "inputs": inputs})
    return processed if processed and _are_there(workers, space.layout, processed.files()) else None


def _are_there(
    workers: Workers, layout: OutputLayout, portions: Iterable[Mapping[str, str]]
) -> bool:
    """Whether all files are there with their digests."""
    looks = ((layout, files) for files in portions)
    try:
        return all(gather(workers, can_be_kept, looks, "Reading results of an earlier run"))
    except TaskLostError as error:
        logger.warning("%s They are made again.", error.what)
        return False


def _of_earlier(
    processed: Processed, digests: Mapping[str, str], layout: OutputLayout, events: Events
) -> InputRead:
    ingested = processed.run["ingest"]
    ledger = Ledger.restored(processed.run["ledger"])
    _tell_kept(ledger, events)
    rejects = [layout.rejects(table.name) for table in TABLES]
    return InputRead(
        digests,
        ledger,
        PartitionIndex(processed.partitions, {}),
        [Finding(**check) for check in processed.run.get("checks", ())],
        [path for path in rejects if layout.relative(path) in ingested["files"]],
        ingested["files"],
        ingest=ingested,
    )


def _tell_kept(ledger: Ledger, events: Events) -> None:
    """A line for each stage whose files an earlier run has read."""
    rows: Counter[str] = Counter()
    for entry in ledger.files:
        rows[stages.INGEST[entry.table]] += entry.read
    for stage in dict.fromkeys(stages.INGEST.values()):
        if stage in rows:
            events.end(stage, f"kept: {rows[stage]:,} rows read by an earlier run", 0.0)


def _of_files(
    ingested: Ingested,
    findings: list[Finding],
    digests: Mapping[str, str],
    plan: Plan,
    space: Workspace,
) -> InputRead:
    rejects = write_rejects(space.staging, space.scratch, ingested.block_stats)
    files = {space.staging.relative(path): file_digest(path) for path in rejects}
    space.folder.require_free(files)
    partition_index = build_partition_index(
        ingested.index,
        {stats.block: stats.table for stats in ingested.block_stats},
        by_session=plan.settings.trading_day == "session",
        dates=plan.settings.dates,
        securities=plan.settings.security_ids,
    )
    return InputRead(
        digests,
        Ledger(plan.inputs.files, ingested.block_stats),
        partition_index,
        findings,
        rejects,
        files,
        ingested.block_stats,
        ingested.size_changes,
    )


def require_partitions(read: InputRead, plan: Plan) -> None:
    """Refuse, by an InputError, an input without partitions; warn of what was asked for in vain."""
    if plan.settings.dates or plan.settings.securities:
        require_selected(plan.settings, read.partition_index)
    elif not read.partition_index.partitions:
        raise InputError(
            "The input holds no Centre Point orders.",
            where=str(plan.input),
            cure="An order is one if its exchangeordertype has bit 64, 256, 2048 or 4096.",
        )


def require_few_rejects(read: InputRead, settings: Settings, space: Workspace) -> None:
    """Stop if there are more rejected rows than the settings allow.

    Raises
    ------
    InputError
        Too many bad rows in some table, or any with `--on-bad-rows fail`. The rows are left in
        `rejects/` unless the output folder holds earlier results, which are left as they are.
    """
    written_to = None if space.earlier.partitions else space.layout.root / REJECTS
    for path in read.rejects:
        total = read.ledger.total(path.stem)
        rejected = total.rejected.total()
        if settings.on_bad_rows != "fail" and (
            rejected / max(1, total.read) <= settings.max_bad_fraction
        ):
            continue
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in total.rejected.most_common())
        allowed = (
            "none (--on-bad-rows fail)"
            if settings.on_bad_rows == "fail"
            else f"{100 * settings.max_bad_fraction:g} % (--max-bad-fraction)"
        )
        raise InputError(
            f"{rejected:,} of {total.read:,} {path.stem} rows cannot be read "
            f"({reasons}).\n{_examples(path)}",
            where=f"{path.stem}/, allowed: {allowed}",
            cure=f"Look at {written_to / path.name}, mend the files, or allow more."
            if written_to is not None
            else "Mend the files, or allow more; a run into a new output folder lists all of "
            "them (this one holds results that are left as they are).",
        )


def _examples(path: Path) -> str:
    with open_parquet(path) as file:
        rows = next(file.iter_batches(_SHOWN_ROWS)).to_pylist()
    return "\n".join(
        f"  {row['file']}, line {row['line']}: {row['reason']}"
        + (f" in {row['column']}" if row["column"] else "")
        + f": {row['raw'][:80]}"
        for row in rows
    )
