"""Many events through the slow, obvious book."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep_dask.matching.events import FILL, GAIN


@dataclass(frozen=True)
class ReferenceResult:
    """As `centre_point.BookResult`."""

    fills: np.ndarray
    applied: np.ndarray
    leaves: np.ndarray
    minimum_quantity: np.ndarray
    obstacle: np.ndarray
    gains: np.ndarray


def run_reference(book, events, orders):
    """Apply all events; see `centre_point.run_book` for what comes out."""
    fills, gains = [], []
    applied = np.zeros(events.size, np.int64)
    for position, event in enumerate(events):
        made, applied[position] = book.apply(event)
        fills += [(position, *fill) for fill in made]
        gains += [(position, *gain) for gain in book.gains[len(gains) :]]
    left = [book.orders.get(number) for number in range(orders)]
    return ReferenceResult(
        np.array(fills, dtype=FILL),
        applied,
        np.array([order.leaves if order else 0 for order in left], dtype=np.int64),
        np.array([order.minimum_quantity if order else 0 for order in left], dtype=np.int64),
        np.array([order.obstacle if order else 0 for order in left], dtype=np.int8),
        np.array(gains, dtype=GAIN),
    )
