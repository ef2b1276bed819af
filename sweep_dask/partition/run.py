"""The partitions of a run: every model, results and a receipt, or those of an earlier run kept."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.partition_score import PartitionScore
from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY
from sweep_dask.analysis.metrics.partition_sweeps import read_sweeps
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.analysis.time_priority.model import PartitionResult, simulate_partition
from sweep_dask.partition import centre_point
from sweep_dask.partition.continuous import ContinuousTrading, continuous_trading
from sweep_dask.partition.guard import guarded
from sweep_dask.partition.job import (
    CentrePointOutcome,
    PartitionJob,
    PartitionSummary,
    PieceJob,
)
from sweep_dask.partition.piece import MadePiece, PieceTables
from sweep_dask.partition.rows import (
    merge_tables,
    new_staging,
    rows_before,
    write_body,
    write_table,
)
from sweep_dask.partition.score import write_score
from sweep_dask.partition.sweeps import write_sweeps
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.csv_tables import as_read, csv_bytes
from sweep_dask.storage.frames import bytes_digest, parquet_bytes
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.pieces import made_of
from sweep_dask.storage.receipts import (
    PartitionReceipt,
    are_there,
    is_whole,
    read_receipt,
    write_receipt,
)
from sweep_dask.terms.arms import TIME_PRIORITY
from sweep_dask.terms.files import MATCH_DETAILS, ROW_FILES, TRADES_AGGREGATED
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.storage.merge import MergedRows


def run_piece(job: PieceJob) -> tuple[list[PartitionSummary], MadePiece | None]:
    """Run the partitions of a piece; a failure is a partition's own and is reported, not raised.

    Returns
    -------
    tuple
        What became of the partitions, and their files in the combined tables; None if one of them
        failed.
    """
    assert job.asked is not None
    first = job.partitions[0]
    layout = OutputLayout(Path(first.output))
    tables = PieceTables(layout, Path(first.scratch), job.piece, job.asked)
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
    found = made_of(receipts, job.asked)
    if states == {"kept"} and found == job.made_of and are_there(layout, job.files):
        return MadePiece(job.piece.name, found, dict(job.files))
    return tables.close(found)


def run_partition(job: PartitionJob, tables: PieceTables) -> PartitionSummary:
    """Run one partition; a failure is reported, not raised."""
    summary = guarded(job, partial(_run, tables=tables))
    if summary.state == "kept":
        tables.add_kept(Partition(summary.date, summary.security))
    return summary


def _run(job: PartitionJob, summary: PartitionSummary, tables: PieceTables) -> None:
    merged, files, trading = _read(job, summary)
    summary.fingerprint = _fingerprint(job, files, trading)
    if job.may_keep and _keep(OutputLayout(Path(job.output)), summary):
        return
    layout = new_staging(job, summary)
    summary.counts = {f"{table}_rows": m.count for table, m in merged.items()}
    _write_rows(layout, summary, files)
    matches = (
        _run_time_priority(job, layout, summary, merged, tables) if job.time_priority else None
    )
    partition = _read_book_input(job, summary, merged, trading)
    nbbo = merged["nbbo"].rows
    found = read_sweeps(partition, nbbo, summary.date, summary.security)
    outcomes = (
        centre_point.run_scenarios(job, summary, layout, partition, found, tables)
        if job.centre_point.scenarios
        else {}
    )
    write_sweeps(job, summary, layout, partition, found, outcomes, matches, tables)
    if job.centre_point.scenarios and job.centre_point.is_scored:
        write_score(job, summary, layout, partition, found, outcomes)
    assert summary.centre_point is not None
    outcome = asdict(summary.centre_point)
    receipt = PartitionReceipt(
        summary.fingerprint,
        summary.counts,
        summary.files,
        outcome,
        job.signature,
        trading._asdict(),
    )
    write_receipt(layout, summary.date, summary.security, receipt)
    summary.files = summary.files | _receipt_digest(layout, summary)
    summary.state = "computed"


def _read(
    job: PartitionJob, summary: PartitionSummary
) -> tuple[dict[str, MergedRows], dict[str, bytes], ContinuousTrading]:
    """The rows, the files that hold them, and when trading was continuous.

    If an earlier run has merged them, its files have them. It has seen all trades, those of lit
    orders included, which may tell when trading opened.
    """
    if job.source.merged_rows is None:
        merged = merge_tables(job, summary)
        files = {table: parquet_bytes(m.rows) for table, m in merged.items() if m.count}
        return merged, files, continuous_trading(job, merged["orders"].rows)
    files, trading = rows_before(job)
    return merge_tables(job, summary, files=files), files, trading


def finished_summary(staging: OutputLayout, partition: Partition) -> PartitionSummary | None:
    """What the task of a partition would have told; None if what it staged is not whole."""
    receipt = read_receipt(staging, *partition)
    if receipt is None or not is_whole(staging, receipt):
        return None
    summary = PartitionSummary(*partition, "computed", receipt.fingerprint)
    summary.counts, summary.staged = receipt.counts, str(staging.root)
    summary.files = receipt.files | _receipt_digest(staging, summary)
    if receipt.centre_point is not None:
        summary.centre_point = CentrePointOutcome(**receipt.centre_point)
    return summary


def _keep(layout: OutputLayout, summary: PartitionSummary) -> bool:
    """Take over what an earlier run left, if it is whole and of these rows and settings."""
    earlier = read_receipt(layout, summary.date, summary.security)
    if not earlier or earlier.fingerprint != summary.fingerprint or not is_whole(layout, earlier):
        return False
    summary.state, summary.counts = "kept", earlier.counts
    summary.files = earlier.files | _receipt_digest(layout, summary)
    if earlier.centre_point is not None:
        summary.centre_point = CentrePointOutcome(**earlier.centre_point)
    return True


def _receipt_digest(layout: OutputLayout, summary: PartitionSummary) -> dict[str, str]:
    path = layout.receipt(summary.date, summary.security)
    return {layout.relative(path): file_digest(path)}


def _fingerprint(job: PartitionJob, files: Mapping[str, bytes], trading: ContinuousTrading) -> str:
    # Session rows count by what follows from them.
    asked, choices = job.centre_point.scenarios, job.centre_point.choices
    scored = job.centre_point.is_scored and [part.name for part in fields(PartitionScore)]
    told = (
        *(asked, job.centre_point.book, trading, tuple(SWEEP_TABLE)),
        (choices, tuple(SENSITIVITY), scored) if asked else choices.lifetime,
    )
    parts = [VERSION, *([TIME_PRIORITY] if job.time_priority else []), repr(told)]
    parts += ["safe text"] if job.csv_safe_text else []
    parts += [repr(job.centre_point.fees)] if job.centre_point.fees.are_paid else []
    parts += [f"{table}={bytes_digest(data)}" for table, data in files.items()]
    return bytes_digest("\n".join(parts).encode())


def _write_rows(
    layout: OutputLayout, summary: PartitionSummary, row_files: Mapping[str, bytes]
) -> None:
    processed = layout.processed(summary.date, summary.security)
    for table, body in row_files.items():
        write_body(layout, summary, processed / f"{ROW_FILES[table]}.parquet", body)


def _read_book_input(
    job: PartitionJob,
    summary: PartitionSummary,
    merged: Mapping[str, MergedRows],
    trading: ContinuousTrading,
) -> PartitionInput:
    began = perf_counter()
    partition = centre_point.read_input(job, merged, trading)
    summary.centre_point = CentrePointOutcome(
        left_out=partition.left_out.counts(),
        scenarios={},
        gaps=centre_point.input_gaps(partition, merged, trading),
    )
    summary.centre_point_seconds[centre_point.READING] = perf_counter() - began
    return partition


def _run_time_priority(
    job: PartitionJob,
    layout: OutputLayout,
    summary: PartitionSummary,
    merged: Mapping[str, MergedRows],
    tables: PieceTables,
) -> pa.Table:
    """Run the model and write its tables; returns its matches."""
    orders, trades, nbbo = (merged[table].rows for table in ("orders", "trades", "nbbo"))
    result = simulate_partition(orders, trades, nbbo, summary.security)
    summary.stage_seconds = result.stage_seconds
    summary.counts |= {
        "orders": result.order_count,
        "sweeps": result.sweep_count,
        "matches": result.match_count,
        "steps": result.step_count,
    }
    _write_results(job, layout, summary, result, tables, has_trades=len(trades) > 0)
    return result.outputs[MATCH_DETAILS]


def _write_results(
    job: PartitionJob,
    layout: OutputLayout,
    summary: PartitionSummary,
    result: PartitionResult,
    tables: PieceTables,
    *,
    has_trades: bool,
) -> None:
    """Write what the time-priority model made of the rows."""
    processed = layout.processed(summary.date, summary.security)
    outputs = layout.outputs(summary.date, summary.security)
    for name, rows in result.processed.items():
        if name != TRADES_AGGREGATED or has_trades:
            write_table(layout, summary, processed / f"{name}.parquet", rows)
    for name, rows in result.outputs.items():
        body = csv_bytes(rows, safe_text=job.csv_safe_text)
        write_body(layout, summary, outputs / f"{name}.csv", body)
        read = as_read(rows, tables.result_schema(name), safe_text=job.csv_safe_text)
        tables.add(name, read, Partition(summary.date, summary.security))
