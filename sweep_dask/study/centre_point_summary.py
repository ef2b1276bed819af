"""The Centre Point model of a run in words: what the terminal shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.study.assumptions import open_questions
from sweep_dask.study.book import preferencing_in_short
from sweep_dask.terms.arms import CENTRE_POINT
from sweep_dask.terms.files import LEFT_OUT
from sweep_dask.terms.reasons import LEFT_OUT_REASONS
from sweep_dask.text_blocks import Heading, Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.study.document import RunRecord
    from sweep_dask.text_blocks import Block


def describe_book(record: RunRecord, document: Mapping[str, Any]) -> list[Block]:
    """Orders left out of the book, and what it assumes.

    Parameters
    ----------
    document
        The record as a manifest.
    """
    return [
        "",
        Heading("The Centre Point book"),
        *left_out_lines(document["left_out"], f"outputs/*/*/{CENTRE_POINT}/{LEFT_OUT}.parquet"),
        *question_lines(document["partitions"]),
        Sentence(f"Preferencing: {preferencing_in_short(record.plan.settings)}", 2, 2),
        Sentence("All that is assumed is listed in manifest.json, assumptions", 2),
    ]


def left_out_lines(left_out: Mapping[str, int], where: str) -> list[Block]:
    """How many orders were left out, by reason, and where they are listed."""
    if not left_out:
        return [Sentence("Orders left out of the book: none", 2)]
    total = f"Orders left out of the book: {sum(left_out.values()):,}, listed in {where}"
    return [
        Sentence(total, 2, 2),
        *(
            Sentence(f"{count:,} {reason}: {LEFT_OUT_REASONS[reason]}", 4, 2)
            for reason, count in left_out.items()
        ),
    ]


def question_lines(partitions: Sequence[Mapping[str, Any]]) -> list[Block]:
    """What the input cannot answer; partitions as in a manifest."""
    return [Sentence(f"Note: {question}", 2, 2) for question in open_questions(partitions)]
