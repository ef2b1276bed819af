"""How wrong the book is, as a replay of the tape shows it, and what of it an effect inherits.

A replay misses matches of the tape and has others that are not on it. For what makes a match
happen (`PREDICTED`), as many matches of the book stand for so many of the tape; how sure that is
goes by security-days, and is never surer than if every miss and every false alarm had come by
itself. A scenario is played in the same book: what it fills in the dark is taken at that ratio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.choices import PREDICTED
from sweep_dask.analysis.stats.clusters import standard_error
from sweep_dask.analysis.tables import over

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import FloatArray, IntArray


class BookErrors(NamedTuple):
    """float64[`PREDICTED`] each; NaN where the book predicted no match of the kind."""

    ratio: FloatArray
    """Matches on the tape for each that the book predicts."""
    standard_error: FloatArray
    """Of the ratio."""


class _Squares(NamedTuple):
    n: IntArray
    n_clusters: IntArray
    squared_total: IntArray
    total_times_n: IntArray
    squared_n: IntArray


def book_errors(tape: IntArray, predicted: IntArray, hits: IntArray) -> BookErrors:
    """Of the matches of all security-days.

    Parameters
    ----------
    tape, predicted, hits
        int64[security-days, `PREDICTED`], matches on the tape, in the book, and in both.
    """
    n, found = predicted.sum(axis=0), hits.sum(axis=0)
    ratio = over(tape.sum(axis=0), n)
    squares = _Squares(
        n,
        ((tape > 0) | (predicted > 0)).sum(axis=0),
        (tape * tape).sum(axis=0),
        (tape * predicted).sum(axis=0),
        (predicted * predicted).sum(axis=0),
    )
    of_days = np.nan_to_num(standard_error(squares, ratio))
    misses, false_alarms = tape.sum(axis=0) - found, n - found
    one_by_one = over(np.sqrt(misses + false_alarms), n)
    return BookErrors(ratio, np.where(np.isnan(ratio), np.nan, np.maximum(of_days, one_by_one)))


def no_book_errors() -> BookErrors:
    """Nothing is known of the book."""
    unknown = np.full(len(PREDICTED), np.nan)
    return BookErrors(unknown, unknown)
