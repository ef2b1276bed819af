"""Reasons of the Centre Point model in words: why sweeps did not fill, why orders are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweep_dask.analysis.centre_point.order_checks import REASONS as LEFT_OUT_REASONS

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

#: Why the rest of a sweep did not fill (`unfilled_reason`), in the order of the table.
UNFILLED = {
    "limit": "Its own limit: the midpoint was above what a buy would pay or below what a sell "
    "would take.",
    "contra_limit": "Limits of the other side: orders were there, and none accepted the midpoint.",
    "minimum_quantity": "A minimum quantity, its own or that of the others, could not be met.",
    "no_contra": "Nobody was there on the other side.",
    "quote_locked_or_crossed": "The bid was not below the offer: nothing trades in the dark then.",
    "quote_missing": "There was no bid or no offer, so no midpoint.",
    "session": "It never looked in continuous trading: it arrived, or was there, outside of it.",
    "decreased": "Its owner took the rest away by making the order smaller.",
}


def unfilled_reasons(found: Collection[str]) -> dict[str, str]:
    """The reasons that occur, in words."""
    order = [*UNFILLED, *sorted(set(found) - UNFILLED.keys())]
    return {name: UNFILLED.get(name, name) for name in order if name in found}


def read_left_out(path: Path) -> list[tuple[str, int, str]]:
    """Orders left out of the book: reason, orders, and what the reason means."""
    counts: dict[str, int] = {}
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["reason"]):
            for found in pc.value_counts(batch["reason"]).to_pylist():
                counts[found["values"]] = counts.get(found["values"], 0) + found["counts"]
    order = [*LEFT_OUT_REASONS, *sorted(counts.keys() - LEFT_OUT_REASONS.keys())]
    return [
        (name, counts[name], LEFT_OUT_REASONS.get(name, "")) for name in order if name in counts
    ]
