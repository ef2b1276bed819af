"""How wrong the book is, as a replay of the tape shows it.

A replay misses matches of the tape and has others that are not on it. As many too many, or too few,
for what makes a match happen (`PREDICTED`), a scenario may fill that is played in the same book.

Which way that turns an effect cannot be told, so that it is an error and no correction. If orders
are not in the input, the book lacks what they would have given to others, and it has what they
really took: others meet there that never met, and the book has too many matches of those it knows,
although it fills too little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.significance import ClusterSquares, standard_error
from sweep_dask.analysis.tables import over
from sweep_dask.terms.score import PREDICTED

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import FloatArray, IntArray


def book_errors(tape: IntArray, predicted: IntArray, hits: IntArray) -> FloatArray:
    """By which share the matches of the book are too many or too few, over all security-days.

    Parameters
    ----------
    tape, predicted, hits
        int64[security-days, `PREDICTED`], matches of two orders that the book knows: on the tape,
        in the book, and in both.

    Returns
    -------
    float64[`PREDICTED`]
        With the standard error of that share, which goes by security-days and is never below what
        as many misses and false alarms would make, each by itself, or one if there are none. NaN
        where the book predicted no match of the kind.
    """
    n, found = predicted.sum(axis=0), hits.sum(axis=0)
    ratio = over(tape.sum(axis=0), n)
    squares = ClusterSquares(
        n,
        ((tape > 0) | (predicted > 0)).sum(axis=0),
        (tape * tape).sum(axis=0),
        (tape * predicted).sum(axis=0),
        (predicted * predicted).sum(axis=0),
    )
    of_days = np.nan_to_num(standard_error(squares, ratio))
    misses, false_alarms = tape.sum(axis=0) - found, n - found
    # To be right in all of a few is no proof: one more might have been wrong.
    one_by_one = over(np.sqrt(np.maximum(misses + false_alarms, 1)), n)
    return np.hypot(ratio - 1, np.maximum(of_days, one_by_one))


def no_book_errors() -> FloatArray:
    """Nothing is known of the book."""
    return np.full(len(PREDICTED), np.nan)
