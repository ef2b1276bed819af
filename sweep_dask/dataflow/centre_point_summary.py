"""The Centre Point model of a run in words: what the terminal shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.order_checks import REASONS
from sweep_dask.analysis.metrics.lines import CENTRE_POINT
from sweep_dask.dataflow.assumptions import open_questions
from sweep_dask.dataflow.book import preferencing_in_short

if TYPE_CHECKING:
    from sweep_dask.dataflow.document import RunRecord


def describe_book(record: RunRecord) -> list[str]:
    """Lines for orders left out of the book, and for what it assumes."""
    return [
        "",
        *left_out_lines(record, f"outputs/*/*/{CENTRE_POINT}/left_out.parquet"),
        *question_lines(record),
        f"  Preferencing: {preferencing_in_short(record.plan.settings)}",
        "  All that is assumed is listed in manifest.json, assumptions",
    ]


def left_out_lines(record: RunRecord, where: str) -> list[str]:
    """How many orders were left out, why, and where they are listed."""
    left_out = record.left_out()
    if not left_out:
        return ["  Orders left out of the book: none"]
    total = f"  Orders left out of the book: {sum(left_out.values()):,}, listed in {where}"
    return [
        total,
        *(f"    {count:,} {reason}: {REASONS[reason]}" for reason, count in left_out.items()),
    ]


def question_lines(record: RunRecord) -> list[str]:
    """What the input cannot answer."""
    return [f"  Note: {question}" for question in open_questions(record.partitions)]
