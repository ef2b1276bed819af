"""The partitions of a run: every model, results and a receipt, or those of an earlier run kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.partition_score import PartitionScore
from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.metrics.partition_sweeps import read_sweeps
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.analysis.time_priority.model import simulate_partition
from sweep_dask.locations import location_of
from sweep_dask.partition import centre_point
from sweep_dask.partition.job import (
    CentrePointOutcome,
    PartitionJob,
    PartitionSummary,
    PieceJob,
    guarded,
)
from sweep_dask.partition.measures import write_score, write_sweeps
from sweep_dask.partition.piece import MadePiece, PieceTables, StagedFiles
from sweep_dask.partition.rows import (
    ContinuousTrading,
    RowsRead,
    continuous_trading,
    merge_tables,
    rows_before,
)
from sweep_dask.storage.atomic import bytes_digest, file_digest
from sweep_dask.storage.combine import as_read, csv_bytes
from sweep_dask.storage.frames import parquet_bytes
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.pieces import made_of
from sweep_dask.storage.receipts import (
    PartitionReceipt,
    are_there,
    read_receipt,
    write_receipt,
)
from sweep_dask.terms.arms import TIME_PRIORITY
from sweep_dask.terms.files import MATCH_DETAILS, ROW_FILES, TRADES_AGGREGATED
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from sweep_dask.storage.merge import MergedRows


def run_piece(job: PieceJob) -> tuple[list[PartitionSummary], MadePiece | None]:
    """Run the partitions of a piece; a failure is a partition's own and is reported, not raised.

    Returns what became of the partitions, and their files in the combined tables; None if one of
    them failed.
    """
    assert job.spec is not None
    first = job.partitions[0]
    layout = OutputLayout(location_of(first.output))
    tables = PieceTables(layout, location_of(first.scratch), job.piece, job.spec)
    try:
        summaries = [run_partition(one, tables) for one in job.partitions]
        return summaries, _piece(job, tables, layout, summaries)
    except BaseException:
        tables.discard()
        raise


def _piece(
    job: PieceJob, tables: PieceTables, layout: OutputLayout, summaries: Sequence[PartitionSummary]
) -> MadePiece | None:
    """The files of the piece, or those of an earlier run kept."""
    states = {summary.state for summary in summaries}
    if "failed" in states:
        tables.discard()
        return None
    receipts = [
        summary.files[layout.relative(layout.receipt(summary.date, summary.security))]
        for summary in summaries
    ]
    digest = made_of(receipts, job.spec)
    if states == {"kept"} and digest == job.made_of and are_there(layout, job.files):
        tables.discard()
        return MadePiece(job.piece.name, digest, dict(job.files))
    return tables.close(digest)


def run_partition(job: PartitionJob, tables: PieceTables) -> PartitionSummary:
    """Run one partition; a failure is reported, not raised."""
    summary = guarded(job, _read, partial(_keep_or_run, tables=tables))
    if summary.state == "kept":
        tables.add_kept(Partition(summary.date, summary.security))
    return summary


def _keep_or_run(job: PartitionJob, rows: RowsRead, tables: PieceTables) -> PartitionSummary:
    kept = _kept(job, rows) if job.may_keep else None
    if kept is not None:
        return kept
    with StagedFiles(job) as staged:
        return _run(job, rows, staged, tables)


def _run(
    job: PartitionJob, rows: RowsRead, staged: StagedFiles, tables: PieceTables
) -> PartitionSummary:
    for table, body in rows.files.items():
        path = staged.layout.processed(*staged.key) / f"{ROW_FILES[table]}.parquet"
        staged.write(path, body)
    time_priority = _TimePriority()
    if job.time_priority:
        time_priority = _run_time_priority(job, staged, rows.merged, tables)
    began = perf_counter()
    partition = centre_point.read_input(job, rows.merged, rows.trading)
    gaps = centre_point.input_gaps(partition, rows.merged, rows.trading)
    seconds = {centre_point.READING: perf_counter() - began}
    partition_sweeps = read_sweeps(partition, rows.merged["nbbo"].rows, *staged.key)
    has_scenarios = bool(job.centre_point.scenarios)
    scenarios = (
        centre_point.run_scenarios(job, staged, partition, partition_sweeps, tables)
        if has_scenarios
        else centre_point.ScenariosRun()
    )
    for part, spent in scenarios.seconds.items():
        seconds[part] = seconds.get(part, 0.0) + spent
    began = perf_counter()
    matches = time_priority.matches
    write_sweeps(job, staged, partition, partition_sweeps, scenarios.outcomes, matches, tables)
    seconds[centre_point.MEASURING] = -began + (began := perf_counter())
    if has_scenarios and job.centre_point.is_scored:
        write_score(job, staged, partition, partition_sweeps, scenarios.outcomes)
        seconds[centre_point.SCORING] = perf_counter() - began
    counts = rows.counts | time_priority.counts | scenarios.counts
    outcome = CentrePointOutcome(partition.left_out.counts(), scenarios.totals, gaps)
    assert rows.fingerprint is not None
    receipt = PartitionReceipt(
        rows.fingerprint,
        counts | {"centre_point_sweeps": partition_sweeps.sweeps.size},
        staged.digests,
        asdict(outcome),
        job.signature,
        rows.trading._asdict(),
    )
    write_receipt(staged.layout, *staged.key, receipt)
    return replace(
        _summary_of(staged.layout, staged.key, "computed", receipt),
        stage_seconds=time_priority.stage_seconds,
        centre_point_seconds=seconds,
        staged=str(staged.folder.left_at),
        removed=rows.removed,
    )


def _read(job: PartitionJob) -> RowsRead:
    """The rows, the files that hold them, and when trading was continuous.

    If an earlier run has merged them, its files have them. It has seen all trades, those of lit
    orders included, which may tell when trading opened.
    """
    if job.source.merged_rows is None:
        merged = merge_tables(job)
        files = {
            table: parquet_bytes(m.rows, ROW_FILES[table]) for table, m in merged.items() if m.count
        }
        trading = continuous_trading(job, merged["orders"].rows)
    else:
        files, trading = rows_before(job)
        merged = merge_tables(job, files=files)
    return RowsRead(merged, trading, files, _fingerprint(job, files, trading))


def finished_summary(staging: OutputLayout, partition: Partition) -> PartitionSummary | None:
    """What the task of a partition would have told; None if what it staged is not whole."""
    receipt = read_receipt(staging, *partition)
    if receipt is None or not are_there(staging, receipt.files):
        return None
    return replace(_summary_of(staging, partition, "computed", receipt), staged=str(staging.root))


def _kept(job: PartitionJob, rows: RowsRead) -> PartitionSummary | None:
    """Take over what an earlier run left, if it is whole and of these rows and settings."""
    layout = OutputLayout(location_of(job.output))
    key = Partition(job.source.date, job.source.security)
    earlier = read_receipt(layout, *key)
    if earlier is None or earlier.fingerprint != rows.fingerprint:
        return None
    if not are_there(layout, earlier.files):
        return None
    return replace(_summary_of(layout, key, "kept", earlier), removed=rows.removed)


def _summary_of(
    layout: OutputLayout, key: Partition, state: str, receipt: PartitionReceipt
) -> PartitionSummary:
    """A partition as its receipt has it, which lies in `layout`."""
    path, outcome = layout.receipt(*key), receipt.centre_point
    return PartitionSummary(
        *(*key, state, receipt.fingerprint),
        counts=receipt.counts,
        files=receipt.files | {layout.relative(path): file_digest(path)},
        centre_point=CentrePointOutcome(**outcome) if outcome is not None else None,
    )


def _fingerprint(job: PartitionJob, files: Mapping[str, bytes], trading: ContinuousTrading) -> str:
    # Session rows count by what follows from them.
    scenarios, choices = job.centre_point.scenarios, job.centre_point.choices
    scored = job.centre_point.is_scored and [part.name for part in fields(PartitionScore)]
    settled = (
        *(scenarios, job.centre_point.book, trading, tuple(SWEEP_TABLE)),
        (choices, tuple(SENSITIVITY_COLUMNS), scored) if scenarios else choices.lifetime,
    )
    parts = [VERSION, *([TIME_PRIORITY] if job.time_priority else []), repr(settled)]
    parts += ["safe text"] if job.csv_safe_text else []
    parts += [repr(job.centre_point.fees)] if job.centre_point.fees.are_paid else []
    parts += [f"{table}={bytes_digest(data)}" for table, data in files.items()]
    return bytes_digest("\n".join(parts).encode())


@dataclass(frozen=True)
class _TimePriority:
    """What is kept of the time-priority model, besides files."""

    matches: pa.Table | None = None
    counts: dict[str, int] = field(default_factory=dict)
    stage_seconds: dict[int, float] = field(default_factory=dict)


def _run_time_priority(
    job: PartitionJob, staged: StagedFiles, merged: Mapping[str, MergedRows], tables: PieceTables
) -> _TimePriority:
    """Run the model and write its tables."""
    orders, trades, nbbo = (merged[table].rows for table in ("orders", "trades", "nbbo"))
    result = simulate_partition(orders, trades, nbbo, staged.key.security)
    processed = staged.layout.processed(*staged.key)
    outputs = staged.layout.outputs(*staged.key)
    for name, rows in result.processed.items():
        if name != TRADES_AGGREGATED or len(trades):
            staged.write_table(processed / f"{name}.parquet", rows)
    for name, rows in result.outputs.items():
        staged.write(outputs / f"{name}.csv", csv_bytes(rows, safe_text=job.csv_safe_text))
        read = as_read(rows, tables.result_schema(name), safe_text=job.csv_safe_text)
        tables.add(name, read, staged.key)
    counts = {
        "orders": result.order_count,
        "sweeps": result.sweep_count,
        "matches": result.match_count,
        "steps": result.step_count,
    }
    matches = result.outputs[MATCH_DETAILS]
    return _TimePriority(matches, counts, result.stage_seconds)
